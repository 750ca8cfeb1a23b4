using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;

namespace Tribunal.Tests.Protocols;

/// <summary>Rollouts and replies that the tests share.</summary>
internal static class Samples
{
    public static readonly IProtocol Grm = Protocol("grm");
    public static readonly IProtocol RmR1 = Protocol("rm-r1-instruct");
    public static readonly IProtocol RmR1Thinking = Protocol("rm-r1-thinking");
    public static readonly IProtocol Rrm = Protocol("rrm");

    public static IProtocol Protocol(string name) => ProtocolCatalog.Resolve(name, modelName: null).Protocol;

    public static Rollout Rollout(string prompt, params string[] responses) => new()
    {
        Id = "r",
        Prompt = [new Message("user", prompt)],
        Responses = [.. responses.Select(static r => new Response(r))],
    };

    public static JudgeReply Reply(string text, string? finish = "stop") => new() { Text = text, Finish = finish };

    public static string Everything(JudgePrompt prompt) => string.Join("\n", prompt.Messages.Select(static m => m.Content));
}
