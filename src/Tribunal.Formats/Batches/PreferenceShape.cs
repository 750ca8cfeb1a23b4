using System.Text.Json;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Batches;

/// <summary>
/// <c>chosen</c> and <c>rejected</c>: texts, conversations, or one turn each, with the prompt stated or common to both. Also
/// RewardBench (strings), RewardBench 2 (lists, the first <c>num_correct</c> are correct) and RM-Bench (three styles each).
/// </summary>
internal static class PreferenceShape
{
    /// <summary>Reads one record.</summary>
    /// <exception cref="JsonException">The prompt is not stated and not to be had without guessing, or the answers are of no form known.</exception>
    public static Rollout Read(BatchRecord record)
    {
        JsonElement chosen = record.Take("chosen");
        JsonElement rejected = record.Take("rejected");
        if (chosen.ValueKind == JsonValueKind.String && rejected.ValueKind == JsonValueKind.String
            && EncodedLists.Turns(chosen.GetString()!, rejected.GetString()!) is [var good, var bad])
        {
            (chosen, rejected) = (good, bad);
        }

        IReadOnlyList<Message> stated = PromptFields.Find(record) ?? [];
        if (IsTextList(chosen) && IsTextList(rejected))
        {
            List<Response> responses = [.. chosen.EnumerateArray().Concat(rejected.EnumerateArray()).Select(static r => new Response(r.GetString()!))];
            return Labelled(record, stated.Count > 0 ? stated : throw new JsonException("prompt is missing"), responses, [.. Enumerable.Range(0, chosen.GetArrayLength())]);
        }

        (IReadOnlyList<Message> prompt, Response better, Response worse) = (chosen.ValueKind, rejected.ValueKind) switch
        {
            (JsonValueKind.String, JsonValueKind.String) => OfTexts(record, chosen.GetString()!, rejected.GetString()!, stated),
            (JsonValueKind.Array or JsonValueKind.Object, JsonValueKind.Array or JsonValueKind.Object) => ImplicitPrompt.FromTurns(Turns.Read(chosen), Turns.Read(rejected), stated),
            _ => throw new JsonException("chosen and rejected are not both strings or both lists of turns"),
        };
        Rollout rollout = Labelled(record, PromptFields.WithSystem(record, prompt), [better, worse], [0]);
        return record.Number("score_chosen") is { } high && record.Number("score_rejected") is { } low ? rollout with { Scores = [high, low] } : rollout;
    }

    private static (IReadOnlyList<Message> Prompt, Response Chosen, Response Rejected) OfTexts(BatchRecord record, string chosen, string rejected, IReadOnlyList<Message> stated)
    {
        if (stated.Count > 0)
        {
            return (stated, new Response(chosen), new Response(rejected));
        }

        // The system prompt of a field of its own is shown with whatever the prompt is.
        PromptFields.WithSystem(record, []);
        if (!ImplicitPrompt.IsTranscript(chosen, rejected))
        {
            PromptFields.RefuseUnusedTexts(record);
        }

        return ImplicitPrompt.FromTexts(chosen, rejected);
    }

    // RewardBench's ids are unique within a subset.
    private static Rollout Labelled(BatchRecord record, IReadOnlyList<Message> prompt, List<Response> responses, List<int> best)
    {
        string? subset = record.Peek("subset");
        string id = record.Fields?.Id is not null || record.Has("id") ? record.Id("id") : record.Id("prompt_id");
        return record.Rollout(subset is null ? id : $"{subset}/{id}", prompt, responses) with
        {
            Best = best,
            Domain = subset ?? record.Peek("domain"),
        };
    }

    private static bool IsTextList(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0 && value.EnumerateArray().All(static item => item.ValueKind == JsonValueKind.String);
}
