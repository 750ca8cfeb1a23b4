using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.Formats.TrainingSets;

/// <summary>A rollout and what the vote said of it.</summary>
/// <param name="Rollout">The rollout.</param>
/// <param name="Verdict">Its verdict.</param>
public sealed record ScoredRollout(Rollout Rollout, Verdict Verdict);

/// <summary>Which pairs preference data takes from a rollout.</summary>
public enum PreferencePairs
{
    /// <summary>The best response against the worst.</summary>
    BestWorst,

    /// <summary>The best response against every other.</summary>
    BestRest,

    /// <summary>Every response against every worse one.</summary>
    All,
}

/// <summary>Data to train on was asked for from rewards that the simulated judge made.</summary>
public sealed class SimulatedRewardsException() : Exception("these rewards are the simulated judge's and say nothing of the responses: they are no data to train on (--allow-simulated writes them all the same, marked as simulated)");

/// <summary>What preference data takes.</summary>
public sealed record PreferenceOptions
{
    /// <summary>The pairs.</summary>
    public PreferencePairs Pairs { get; init; } = PreferencePairs.BestWorst;

    /// <summary>Smallest margin of rewards, 0 to 1; equal rewards never make a pair.</summary>
    public double MinMargin { get; init; }

    /// <summary>Smallest confidence of the verdict, 0 to 1.</summary>
    public double MinConfidence { get; init; }

    /// <summary>Whether responses were graded by criteria: then each pair says what both were graded.</summary>
    public bool Graded { get; init; }

    /// <summary>Whether pairs by the simulated judge's rewards, which say nothing of the responses, are written, each with <c>"simulated": true</c>.</summary>
    public bool AllowSimulated { get; init; }
}

/// <summary>Writes verdicts for other tools. Unscorable rollouts keep their rows, with nothing where the rewards would be.</summary>
public static class VerdictExport
{
    private static readonly string[] CsvHeader =
        ["id", "domain", "status", "response", "response_id", "reward", "rank", "best", "labelled_best", "confidence", "margin", "kept", "valid", "drawn", "stop", "reason", "simulated"];

    // Files for tools: only what JSON itself demands is escaped.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// CSV (RFC 4180, UTF-8), a row per response. Text that a spreadsheet would run as a formula gets a leading apostrophe:
    /// ids and domains come from whoever wrote the batch.
    /// </summary>
    /// <param name="scored">The verdicts.</param>
    /// <param name="output">Where to.</param>
    /// <param name="graded">Whether responses were graded by criteria: then a column holds the grades.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    /// <returns>Rows written, the header not counted.</returns>
    public static async Task<long> WriteCsvAsync(IAsyncEnumerable<ScoredRollout> scored, Stream output, bool graded = false, CancellationToken cancellationToken = default)
    {
        await using var writer = new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true) { NewLine = "\r\n" };
        await writer.WriteLineAsync(string.Join(',', graded ? [.. CsvHeader, "criteria"] : CsvHeader));
        long rows = 0;
        await foreach ((Rollout rollout, Verdict verdict) in scored.WithCancellation(cancellationToken))
        {
            for (int response = 0; response < rollout.Responses.Count; response++)
            {
                await writer.WriteLineAsync(string.Join(',', graded ? [.. Cells(rollout, verdict, response), Grades(verdict, response)] : Cells(rollout, verdict, response)));
                rows++;
            }
        }

        await writer.FlushAsync(cancellationToken);
        return rows;
    }

    // Each criterion with its grade: c1=1; c2=0.25.
    private static string Grades(Verdict verdict, int response) =>
        verdict.Criteria is null ? "" : Text(string.Join("; ", verdict.Criteria.Select(criterion => string.Create(CultureInfo.InvariantCulture, $"{criterion.Id}={criterion.Grades[response]:0.####}"))));

    /// <summary>Parquet, a row per rollout with lists of rewards and ranks; row groups of 10,000.</summary>
    /// <param name="scored">The verdicts.</param>
    /// <param name="output">A stream that can seek and read, such as a new file.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    /// <param name="graded">Whether responses were graded by criteria: then a column holds each criterion with a grade per response.</param>
    /// <returns>Rows written.</returns>
    public static async Task<long> WriteParquetAsync(IAsyncEnumerable<ScoredRollout> scored, Stream output, bool graded = false, CancellationToken cancellationToken = default)
    {
        long rows = 0;
        var columns = new ParquetColumns<VerdictRow>(FormatsJson.Default.VerdictRow, name => graded || name != "criteria");
        var writer = new ParquetWriter<VerdictRow>(output, columns, groupRows: 10_000, CompressionLevel.SmallestSize);
        await foreach (ScoredRollout one in scored.WithCancellation(cancellationToken))
        {
            await writer.WriteAsync(VerdictRow.Of(one), bytes: 0, cancellationToken);
            rows++;
        }

        await writer.CompleteAsync(cancellationToken);
        return rows;
    }

    /// <summary>
    /// Preference data in TRL's conversational form with an explicit prompt, JSON Lines:
    /// <c>{"prompt":[…],"chosen":[…],"rejected":[…],"margin":x,"score_chosen":x,"score_rejected":x,"id":…}</c>. The margin is
    /// the difference of rewards, which TRL's reward trainer reads. Where responses were graded by criteria, each line has
    /// <c>"criteria":[{"id":…,"chosen":x,"rejected":x}]</c>.
    /// </summary>
    /// <returns>Pairs written.</returns>
    /// <exception cref="SimulatedRewardsException">A verdict is the simulated judge's, and such pairs were not asked for.</exception>
    public static async Task<long> WritePreferencesAsync(
        IAsyncEnumerable<ScoredRollout> scored, Stream output, PreferenceOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new PreferenceOptions();
        long pairs = 0;
        await using var json = new Utf8JsonWriter(output, Plain);
        await foreach ((Rollout rollout, Verdict verdict) in scored.WithCancellation(cancellationToken))
        {
            if (verdict.Simulated == true && !options.AllowSimulated)
            {
                throw new SimulatedRewardsException();
            }

            if (verdict.Status != VerdictStatus.Scored || verdict.Rewards is not { } rewards || verdict.Ranking is not { } ranking || (verdict.Confidence ?? 0) < options.MinConfidence)
            {
                continue;
            }

            // Each text once: two equal ones are neither better nor worse.
            var texts = Candidates.Of(rollout);
            foreach ((int chosen, int rejected) in Pairs([.. ranking.DistinctBy(response => texts[response])], options.Pairs))
            {
                double margin = rewards[chosen] - rewards[rejected];
                if (margin <= 0 || margin < options.MinMargin)
                {
                    continue;
                }

                Write(json, rollout, chosen, rejected, rewards, verdict, options.Graded);
                await json.FlushAsync(cancellationToken);
                json.Reset();
                await output.WriteAsync("\n"u8.ToArray(), cancellationToken);
                pairs++;
            }
        }

        return pairs;
    }

    private static IEnumerable<(int Chosen, int Rejected)> Pairs(IReadOnlyList<int> ranking, PreferencePairs pairs)
    {
        int last = ranking.Count - 1;
        return pairs switch
        {
            PreferencePairs.BestWorst => last > 0 ? [(ranking[0], ranking[last])] : [],
            PreferencePairs.BestRest => ranking.Skip(1).Select(other => (ranking[0], other)),
            _ => Enumerable.Range(0, last).SelectMany(better => Enumerable.Range(better + 1, last - better).Select(worse => (ranking[better], ranking[worse]))),
        };
    }

    private static void Write(Utf8JsonWriter json, Rollout rollout, int chosen, int rejected, IReadOnlyList<double> rewards, Verdict verdict, bool graded)
    {
        json.WriteStartObject();
        json.WritePropertyName("prompt"u8);
        RolloutForm.WriteTurns(json, rollout.Prompt);
        json.WritePropertyName("chosen"u8);
        RolloutForm.WriteTurns(json, TurnsOf(rollout.Responses[chosen]));
        json.WritePropertyName("rejected"u8);
        RolloutForm.WriteTurns(json, TurnsOf(rollout.Responses[rejected]));
        json.WriteNumber("margin"u8, rewards[chosen] - rewards[rejected]);
        json.WriteNumber("score_chosen"u8, rewards[chosen]);
        json.WriteNumber("score_rejected"u8, rewards[rejected]);
        json.WriteString("id"u8, rollout.Id);
        if (graded)
        {
            // On every line, so that readers of whole files find one form.
            json.WriteStartArray("criteria"u8);
            foreach (CriterionGrades criterion in verdict.Criteria ?? [])
            {
                json.WriteStartObject();
                json.WriteString("id"u8, criterion.Id);
                json.WriteNumber("chosen"u8, criterion.Grades[chosen]);
                json.WriteNumber("rejected"u8, criterion.Grades[rejected]);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        if (verdict.Simulated == true)
        {
            json.WriteBoolean("simulated"u8, true);
        }

        if (verdict.Stop == Sampling.StopReason.Interrupted)
        {
            json.WriteString("stop"u8, StopOf(verdict));
        }

        json.WriteEndObject();
    }

    private static IReadOnlyList<Message> TurnsOf(Response response) => response.Turns ?? [new Message("assistant", response.Content)];

    private static IEnumerable<string> Cells(Rollout rollout, Verdict verdict, int response)
    {
        int rank = verdict.Ranking?.ToList().IndexOf(response) ?? -1;
        return
        [
            Text(rollout.Id),
            Text(rollout.Domain),
            StatusOf(verdict),
            Number(response),
            Text(rollout.Responses[response].Id),
            Number(verdict.Rewards?[response]),
            rank < 0 ? "" : Number(rank + 1),
            verdict.Best is null ? "" : verdict.Best == response ? "true" : "false",
            rollout.Best is null ? "" : rollout.Best.Contains(response) ? "true" : "false",
            Number(verdict.Confidence),
            Number(verdict.Margin),
            Number(verdict.Votes.Kept),
            Number(verdict.Votes.Valid),
            Number(verdict.Votes.Drawn),
            StopOf(verdict) ?? "",
            Text(verdict.Reason),
            verdict.Simulated == true ? "true" : "false",
        ];
    }

    private static string StatusOf(Verdict verdict) => verdict.Status == VerdictStatus.Scored ? "scored" : "unscorable";

    private static string? StopOf(Verdict verdict) => verdict.Stop?.ToString().ToLowerInvariant();

    private static string Number(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "";

    private static string Text(string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            return "";
        }

        // A spreadsheet looks past spaces, takes full-width signs for the plain ones, and cuts a text at a null character.
        value = value.Replace('\0', '\u2400');
        if (char.IsControl(value[0]) || value.AsSpan().TrimStart() is ['=' or '+' or '-' or '@' or '＝' or '＋' or '－' or '＠', ..])
        {
            value = "'" + value;
        }

        return value.AsSpan().IndexOfAny("\",\r\n") < 0 ? value : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    /// <summary>A row of the Parquet file.</summary>
    internal sealed record VerdictRow(
        IReadOnlyList<CriterionGrades>? Criteria,
        string Id,
        string? Domain,
        string Status,
        IReadOnlyList<double>? Rewards,
        IReadOnlyList<int>? Ranking,
        int? Best,
        [property: JsonPropertyName("labelled_best")] IReadOnlyList<int>? LabelledBest,
        double? Confidence,
        double? Margin,
        int Drawn,
        int Valid,
        int Kept,
        string? Stop,
        [property: JsonPropertyName("input_tokens")] long InputTokens,
        [property: JsonPropertyName("output_tokens")] long OutputTokens,
        string? Reason,
        bool Simulated)
    {
        public static VerdictRow Of(ScoredRollout one)
        {
            (Rollout rollout, Verdict verdict) = one;
            return new VerdictRow(
                verdict.Criteria,
                rollout.Id,
                rollout.Domain,
                StatusOf(verdict),
                verdict.Rewards,
                verdict.Ranking,
                verdict.Best,
                rollout.Best,
                verdict.Confidence,
                verdict.Margin,
                verdict.Votes.Drawn,
                verdict.Votes.Valid,
                verdict.Votes.Kept,
                StopOf(verdict),
                verdict.Usage.Input,
                verdict.Usage.Output,
                verdict.Reason,
                verdict.Simulated == true);
        }
    }
}
