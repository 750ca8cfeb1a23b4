using System.Text.Json;
using Tribunal.Protocols;
using Tribunal.Rollouts;

namespace Tribunal.Testing.Runs;

/// <summary>A run whose every text is hostile, judgements of every outcome among it.</summary>
internal static class HostileRun
{
    /// <summary>Has a rollout per text judged, in a run called <c>run</c>.</summary>
    public static async Task<RunBed> OfAsync(IReadOnlyList<string> texts)
    {
        var bed = new RunBed(0);
        await File.WriteAllLinesAsync(bed.Batch, texts.Select(static (text, i) => JsonSerializer.Serialize(
            new Rollout
            {
                Id = $"{i} <img src=x onerror=alert(9)> \" '",
                Prompt = [new Message("user", text)],
                Responses = [.. Enumerable.Range(0, 3).Select(j => new Response($"{j} {text}"))],
                Best = [i % 3],
                Domain = text.Replace("\u0007", "", StringComparison.Ordinal),
            },
            TribunalJson.Default.Rollout)));
        bed.Judge.On = (call, question) =>
        {
            string text = texts[call % texts.Count];
            JudgeReply reply = ScriptedJudge.Answer(question);
            return (call % 7) switch
            {
                0 => reply with { Text = text },
                1 => reply with { Text = text, Finish = "length" },
                2 => reply with { Text = "I'm sorry, I can't judge this. " + text },
                _ => reply with { Text = text + "\n" + reply.Text, Reasoning = text },
            };
        };
        await bed.RunAsync();
        return bed;
    }
}
