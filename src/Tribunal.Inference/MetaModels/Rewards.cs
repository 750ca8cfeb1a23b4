using System.Runtime.InteropServices;
using System.Text.Json;
using Tribunal.Inference.Endpoints;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols.Chat;
using Tribunal.Rollouts;

namespace Tribunal.Inference.MetaModels;

/// <summary>The rewards of a request and the tokens that the server counted, of each text or of all of them together.</summary>
internal sealed class Rewards
{
    private readonly double?[] _values;
    private readonly ReportedUsage _total;
    private readonly long?[] _each;

    private Rewards(double?[] values, ReportedUsage total, long?[] each) => (_values, _total, _each) = (values, total, each);

    /// <summary>Whether any text has a reward.</summary>
    public bool Any => Array.Exists(_values, static value => value is not null);

    /// <summary>Reads an answer of a kind; null where it is none.</summary>
    public static Rewards? Of(MetaKind kind, ReadOnlyMemory<byte> json, int count, MetaProtocol? protocol = null)
    {
        if (MetaForms.Read(kind, json, count, protocol) is not { } values)
        {
            return null;
        }

        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement root = document.RootElement;
        var total = default(ReportedUsage);
        if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("usage", out JsonElement usage))
        {
            var reader = new Utf8JsonReader(JsonMarshal.GetRawUtf8Value(usage));
            reader.Read();
            total.Read(ref reader);
        }

        // SGLang answers with a list, and counts each text.
        long?[] each = root.ValueKind == JsonValueKind.Array ? [.. root.EnumerateArray().Select(Counted)] : [];
        return new Rewards(values, total, each);
    }

    /// <summary>What each text got.</summary>
    /// <param name="asked">The texts in their order, each as its messages.</param>
    public MetaReading[] For(IReadOnlyList<IReadOnlyList<Message>> asked)
    {
        long characters = Math.Max(1, asked.Sum(ReportedUsage.Characters));
        bool cut = _total.CutsPrompt([.. asked.SelectMany(static messages => messages)]);
        return [.. asked.Select((messages, at) =>
        {
            double? reward = at < _values.Length ? _values[at] : null;
            if (at < _each.Length && _each[at] is { } own)
            {
                return new MetaReading(reward, new Usage(own, 0), ReportedUsage.Cuts(own, messages));
            }

            // Of a count over all texts each has its share by length, and those are cut that have more words than the mean.
            return _total.Input is { } counted
                ? new MetaReading(reward, new Usage(counted * ReportedUsage.Characters(messages) / characters, 0), cut && ReportedUsage.WordsOf(messages) > counted / asked.Count)
                : new MetaReading(reward, new Usage(Usage.Estimate(ReportedUsage.Characters(messages)), 0) { Estimated = true });
        })];
    }

    private static long? Counted(JsonElement item) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty("meta_info", out JsonElement info) && info.ValueKind == JsonValueKind.Object
        && info.TryGetProperty("prompt_tokens", out JsonElement tokens) && tokens.ValueKind == JsonValueKind.Number && tokens.TryGetInt64(out long count) && count > 0
            ? Math.Min(count, Usage.Most)
            : null;
}
