using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Resuming;

/// <summary>What is to become of the message that asked for a run.</summary>
public enum MessageFate
{
    /// <summary>It has been served: delete it.</summary>
    Served,

    /// <summary>It can't be served, now or ever: move it to the poison queue.</summary>
    Poison,

    /// <summary>Another worker has the run, or something is away: show it again after a while.</summary>
    Later,

    /// <summary>This worker stops: show it again at once.</summary>
    Now,
}

/// <summary>What the end of a run means, the same on every host.</summary>
/// <param name="State">Where the run stands then. Where a message asked for it and comes back (<paramref name="Fate"/>), it is queued again instead.</param>
/// <param name="ExitCode">The exit code of a command that waited for it; of a run that is through, before what it came to is looked at.</param>
/// <param name="Fate">What becomes of the message that asked for it.</param>
/// <param name="HowToGoOn">What to do, for people; empty where nothing is left to do.</param>
public sealed record RunEnd(RunState State, int ExitCode, MessageFate Fate, string HowToGoOn)
{
    /// <summary>Whether the message that asked for the run is shown again.</summary>
    public bool ComesBack => Fate is MessageFate.Later or MessageFate.Now;

    /// <summary>What a stop means; null for none.</summary>
    public static RunEnd Of(Halt? halt) => halt?.Kind switch
    {
        null => new(RunState.Done, ExitCodes.Ok, MessageFate.Served, ""),
        HaltKind.Interrupted => new(RunState.Failed, ExitCodes.Interrupted, MessageFate.Now, "the same command goes on from here."),
        HaltKind.Cancelled => new(RunState.Cancelled, ExitCodes.Interrupted, MessageFate.Served, "the same command goes on from here."),
        HaltKind.Limit => new(RunState.Failed, ExitCodes.Limit, MessageFate.Served, "the same command with a higher limit goes on from here."),
        HaltKind.ValidRate => new(RunState.Failed, ExitCodes.Limit, MessageFate.Served, "what was judged is kept; --valid-floor 0 goes on all the same."),
        HaltKind.BatchChanged => new(RunState.Failed, ExitCodes.Usage, MessageFate.Served, "with the batch as it was, it goes on from here."),
        HaltKind.Rejected => new(RunState.Failed, ExitCodes.Unreachable, MessageFate.Served, Refused(halt.Detail)),
        // It had its time to come back, on whatever host: whoever asks again gives it that time once more.
        _ => new(RunState.Failed, ExitCodes.Unreachable, MessageFate.Served, "the same command goes on from here."),
    };

    private static string Refused(string detail) =>
        detail.Contains("HTTP 401", StringComparison.Ordinal) || detail.Contains("HTTP 403", StringComparison.Ordinal)
            ? "with the right key (--api-key-env VAR) it goes on from here."
            : "once that is put right, it goes on from here.";
}
