using System.Globalization;
using Tribunal.Rollouts;

namespace Tribunal.Protocols;

/// <summary>Tells prompts apart without their templates: by what a protocol makes of rollouts that are always the same.</summary>
public static class PromptFingerprint
{
    private static readonly Rollout[] Probes =
    [
        new() { Id = "probe", Prompt = [new Message("user", "question")], Responses = [new Response("one"), new Response("two")] },
        new()
        {
            Id = "probe",
            Prompt = [new Message("system", "rule"), new Message("user", "question"), new Message("assistant", "answer"), new Message("user", "question")],
            Responses = [new Response("one"), new Response("two")],
            Reference = "reference",
        },
    ];

    /// <summary>The fingerprint: 16 hexadecimal digits. Equal for equal templates; it does not follow changes of how hostile text is made inert.</summary>
    public static string Of(IProtocol protocol)
    {
        string[] parts = [protocol.Name, .. Probes.SelectMany(probe => protocol.Compose(probe, [0, 1]).Messages).SelectMany(static m => (string[])[m.Role, m.Content])];
        return StableHash.Of(0, parts).ToString("x16", CultureInfo.InvariantCulture);
    }
}
