using Tribunal.Inference.Endpoints;
using Tribunal.Protocols;
using Tribunal.Rollouts;

namespace Tribunal.Inference.Tests;

/// <summary>One question to one server, as a judge asks it.</summary>
internal static class OneQuestion
{
    public static async Task<JudgeReply> AskAsync(Endpoint endpoint, bool stream = false, string prompt = "A short prompt")
    {
        using JudgeFactory factory = Factory();
        return await factory.Create(Options(endpoint, stream)).AskAsync(Question(prompt), TestContext.Current.CancellationToken);
    }

    public static JudgeFactory Factory(LogLines? log = null) => new(static _ => null, log, null, firstDelay: TimeSpan.FromMilliseconds(1));

    public static JudgeEndpointOptions Options(Endpoint endpoint, bool stream) => new()
    {
        Name = "judge",
        Endpoint = endpoint.V1,
        Model = "m",
        Tries = 4,
        Stream = stream ? StreamMode.On : StreamMode.Off,
    };

    public static JudgeQuestion Question(string prompt) => new() { Messages = [new Message("user", prompt)], MaxTokens = 512 };
}
