using Microsoft.Extensions.Logging;
using Tribunal.RewardServer.Judging;

namespace Tribunal.RewardServer.Serving;

/// <summary>Writes a line where the server's state changes, and none where it goes on as it was: the judge is away or back, requests are turned away or taken again.</summary>
internal sealed partial class StateLog(ILogger<RewardDesk> log)
{
    private int _state;

    private enum State
    {
        Well,
        Busy,
        Away,
    }

    /// <summary>Looks at an answer.</summary>
    public void See(int status, string detail)
    {
        State now = status switch
        {
            503 => State.Away,
            429 => State.Busy,
            200 or 202 => State.Well,
            _ => (State)Volatile.Read(ref _state),
        };
        var before = (State)Interlocked.Exchange(ref _state, (int)now);
        if (now == before)
        {
            return;
        }

        switch (now)
        {
            case State.Away:
                Away(log, detail);
                break;
            case State.Busy:
                Busy(log, detail);
                break;
            default:
                Well(log, before == State.Away ? "the judge answers again" : "requests are taken again");
                break;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the judge is away: {Detail}")]
    private static partial void Away(ILogger log, string detail);

    [LoggerMessage(Level = LogLevel.Warning, Message = "requests are turned away: {Detail}")]
    private static partial void Busy(ILogger log, string detail);

    [LoggerMessage(Level = LogLevel.Information, Message = "{What}")]
    private static partial void Well(ILogger log, string what);
}
