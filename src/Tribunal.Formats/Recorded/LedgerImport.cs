using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Voting;

namespace Tribunal.Formats.Recorded;

/// <summary>
/// Streams recorded judgements of any origin into the ledger's form, plain or compressed. A bad record is reported with its
/// number and reason, and so is a judgement whose (rollout, sample) came before; a file that is cut off throws.
/// </summary>
public static class LedgerImport
{
    // Files that hold everything in one JSON value are one record.
    private static readonly BatchLimits Limits = new() { RecordBytes = 256 * 1024 * 1024 };

    private static readonly (RecordedFormat Format, string[] Fields)[] Signs =
    [
        (RecordedFormat.Ledger, ["rolloutId", "sample", "outcome"]),
        (RecordedFormat.OpenAiBatch, ["custom_id", "response"]),
        (RecordedFormat.OpenAiBatch, ["custom_id", "error"]),
        (RecordedFormat.JudgeBench, ["pair_id", "judgments"]),
        (RecordedFormat.Prometheus, ["prometheus_score"]),
        (RecordedFormat.RewardBench, ["results", "text_chosen"]),
        (RecordedFormat.RewardBench, ["results", "scores_chosen"]),
        (RecordedFormat.RewardBench, ["results", "scores", "num_correct"]),
        (RecordedFormat.AlpacaEval, ["instruction", "output_1", "output_2", "preference"]),
    ];

    /// <summary>Reads a file.</summary>
    /// <param name="stream">The file, from its first byte.</param>
    /// <param name="options">What is known of it; null tells everything by content.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="BatchFormatException">The file is cut off or broken as a whole; the message says where.</exception>
    public static async IAsyncEnumerable<RecordedLine> ReadAsync(
        Stream stream, ImportOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        options ??= new ImportOptions();
        var seen = new HashSet<UInt128>();
        await using OpenedBatch batch = await OpenedBatch.OpenAsync(stream, Limits, cancellationToken);
        await foreach (RawRecord record in batch.RecordsAsync(Limits, static _ => true, cancellationToken))
        {
            foreach (RecordedLine line in Read(record, options))
            {
                yield return Repeated(line, seen) ?? line;
            }
        }
    }

    private static IEnumerable<RecordedLine> Read(RawRecord record, ImportOptions options)
    {
        if (record.IsTooLarge)
        {
            return [Failed(record.Number, $"the record has {record.Length} bytes, more than {Limits.RecordBytes}")];
        }

        if (JsonText.Fault(record.Bytes.Span) is { } fault)
        {
            return [Failed(record.Number, fault)];
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(JsonText.WithWholeCharacters(record.Bytes));
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return [Failed(record.Number, "the record is not a JSON object")];
            }

            // Whole files in one value are taken apart before their document is let go.
            return
            [
                .. Resolve(root, options.Format) switch
                {
                    RecordedFormat.Ledger => [LedgerForm.Read(root, record.Number)],
                    RecordedFormat.OpenAiBatch => [OpenAiBatchForm.Read(root, record.Number, options)],
                    RecordedFormat.JudgeBench => [JudgeBenchForm.Read(root, record.Number, options)],
                    RecordedFormat.RewardBench => RewardBenchForm.Read(root, record.Number, options),
                    RecordedFormat.AlpacaEval => [AlpacaEvalForm.Read(root, record.Number, options)],
                    RecordedFormat.Promptfoo => PromptfooForm.Read(root, record.Number, options),
                    RecordedFormat.Inspect => InspectForm.Read(root, record.Number, options),
                    _ => PrometheusForm.Read(root, record.Number, options),
                },
            ];
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            return
            [
                Failed(record.Number, exception is JsonException { LineNumber: { } line, BytePositionInLine: { } at }
                    ? $"not valid JSON at line {line + 1} of the record, byte {at + 1}"
                    : exception.Message),
            ];
        }
    }

    private static RecordedFormat Resolve(JsonElement root, RecordedFormat asked)
    {
        if (asked != RecordedFormat.Auto)
        {
            return asked;
        }

        foreach ((RecordedFormat format, string[] fields) in Signs)
        {
            if (Array.TrueForAll(fields, field => root.TryGetProperty(field, out _)))
            {
                return format;
            }
        }

        return PromptfooForm.IsResultFile(root) || PromptfooForm.IsRow(root) ? RecordedFormat.Promptfoo
            : InspectForm.IsLog(root) || InspectForm.IsSample(root) ? RecordedFormat.Inspect
            : PrometheusForm.IsResultFile(root) ? RecordedFormat.Prometheus
            : throw new FormatException(
                $"the record is of none of the formats known (ledger, OpenAI batch output, prometheus-eval, JudgeBench, RewardBench, promptfoo, Inspect, AlpacaEval); its fields are {string.Join(", ", root.EnumerateObject().Take(12).Select(static p => p.Name))}. Rollouts without judgements are for tribunal score");
    }

    private static RecordedLine Failed(long line, string error) => new() { Line = line, Error = error };

    private static RecordedLine? Repeated(RecordedLine line, HashSet<UInt128> seen)
    {
        if (line.MayAskAgain)
        {
            // The answer that stands may follow: people join error and output files.
            return null;
        }

        foreach (Judgement judgement in line.Judgements)
        {
            if (!seen.Add(XxHash128.HashToUInt128(Encoding.UTF8.GetBytes($"{judgement.Sample}|{judgement.RolloutId}"))))
            {
                return Failed(line.Line, $"sample {judgement.Sample} of {judgement.RolloutId} was there before");
            }
        }

        return null;
    }
}

/// <summary>Ledger lines.</summary>
internal static class LedgerForm
{
    public static RecordedLine Read(JsonElement root, long number)
    {
        TracedJudgement judgement;
        try
        {
            judgement = root.Deserialize(TribunalJson.Default.TracedJudgement)!;
        }
        catch (JsonException exception)
        {
            // What follows repeats the path and an offset into text that nobody sees.
            throw new FormatException($"not a ledger line: {exception.Message.Split(" Path:")[0]}", exception);
        }

        return Fault(judgement) is { } fault ? new RecordedLine { Line = number, Error = fault } : new RecordedLine { Line = number, Judgements = [judgement] };
    }

    /// <summary>Why a judgement is none of any ledger; null when it may be.</summary>
    public static string? Fault(Judgement judgement)
    {
        if (judgement.RolloutId.Length == 0 || judgement.Sample < 0)
        {
            return judgement.Sample < 0 ? "sample is negative" : "rolloutId is empty";
        }

        if (judgement.Order.Any(static o => o < 0) || judgement.Order.Distinct().Count() != judgement.Order.Count)
        {
            return "order is not an order of responses";
        }

        if (judgement.Pair is { } pair && (pair.Count != 2 || pair[0] < 0 || pair[0] >= pair[1]))
        {
            return "pair is not two ascending indexes";
        }

        if (judgement.Winner is { } winner && judgement.Pair?.Contains(winner) != true)
        {
            return "winner is not one of the pair";
        }

        if (judgement.Outcome == JudgementOutcome.Valid && FinishReasons.Of(judgement.Finish) != AnswerEnd.Whole)
        {
            return $"a valid judgement did not end with {judgement.Finish}";
        }

        if (judgement.Scale is not null and not [_, _] || judgement.Scale is [double low, double high] && !(double.IsFinite(high - low) && low < high))
        {
            return "scale is not two ascending numbers";
        }

        return judgement.Outcome == JudgementOutcome.Valid && judgement.Pair is null && judgement.Scores is null
            ? "a valid judgement of a list has scores"
            : RecordedScores.WhyNot(judgement, range: null);
    }
}
