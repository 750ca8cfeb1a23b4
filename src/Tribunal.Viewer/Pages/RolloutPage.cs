using System.Text.Json;
using Tribunal.Formats.Ledger;
using Tribunal.Judgements;
using Tribunal.Reports;
using Tribunal.Rollouts;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;
using Tribunal.Verdicts;
using Tribunal.Viewer.Forms;
using Tribunal.Viewer.Index;

namespace Tribunal.Viewer.Pages;

/// <summary>One rollout with everything that is known of it.</summary>
internal static class RolloutPage
{
    private const int MostJudgements = 1000;

    // Texts of judgements that come at once; the others come one by one as they are unfolded.
    private const int MostCharacters = 1_000_000;
    private const string ThinkEnd = "</think>";

    /// <summary>The rollout; null where there is no such row.</summary>
    public static async Task<RolloutAnswer?> OfAsync(ViewedRun run, int row, CancellationToken cancellationToken)
    {
        RunIndex index = await run.IndexWithAsync(row, cancellationToken);
        if (row < 0 || row >= index.Count)
        {
            return null;
        }

        (Rollout? rollout, Verdict? verdict, List<TracedJudgement> judgements) = await ReadAsync(run, index, row, cancellationToken);
        Rollout known = rollout ?? Nameless(index, row, verdict);
        var votes = new RolloutVotes(run.Source.Manifest, run.Labels.Apply(known), judgements);
        HashSet<int> voted = [.. votes.Voted()];
        int left = MostCharacters;
        var forms = new List<JudgementForm>();
        foreach (TracedJudgement judgement in judgements)
        {
            left -= (judgement.Text?.Length ?? 0) + (judgement.Reasoning?.Length ?? 0);
            forms.Add(FormOf(judgement, voted.Contains(judgement.Sample), withTexts: left >= 0));
        }

        return new RolloutAnswer
        {
            Row = RowPage.FormOf(run, index, row, search: null),
            Rollout = rollout is null ? null : FormOf(rollout),
            Verdict = verdict,
            Judgements = forms,
            Steps = known.Responses.Count > 0 ? votes.Steps() : [],
            Wins = votes.Wins(),
            Rounds = votes.Rounds(),
            Label = run.Labels.Of(index.IdOf(row)),
            Settings = votes.Settings,
        };
    }

    /// <summary>A judgement by its sample, with its texts.</summary>
    public static async Task<JudgementForm?> JudgementAsync(ViewedRun run, int row, int sample, CancellationToken cancellationToken)
    {
        RunIndex index = await run.IndexWithAsync(row, cancellationToken);
        if (row < 0 || row >= index.Count)
        {
            return null;
        }

        foreach (IndexPlace place in index.PlacesOf(row).Where(place => place.Sample == sample))
        {
            if (await ReadAsync(run.Source, index, place, cancellationToken) is { } judgement)
            {
                return FormOf(judgement, voted: false, withTexts: true);
            }
        }

        return null;
    }

    /// <summary>Votes again on a rollout's judgements.</summary>
    /// <exception cref="ProblemsException">The settings can't be used.</exception>
    public static async Task<VoteAnswer?> VoteAsync(ViewedRun run, int row, string? rule, int? samples, double? keep, bool? meta, CancellationToken cancellationToken)
    {
        RunIndex index = await run.IndexWithAsync(row, cancellationToken);
        if (row < 0 || row >= index.Count)
        {
            return null;
        }

        (Rollout? rollout, Verdict? verdict, List<TracedJudgement> judgements) = await ReadAsync(run, index, row, cancellationToken);
        return new RolloutVotes(run.Source.Manifest, run.Labels.Apply(rollout ?? Nameless(index, row, verdict)), judgements).Cast(rule, samples, keep, meta);
    }

    /// <summary>How many responses a row has, for checking a label.</summary>
    public static async Task<(string Id, int Responses)?> NameAsync(ViewedRun run, int row, CancellationToken cancellationToken)
    {
        RunIndex index = await run.IndexWithAsync(row, cancellationToken);
        return row < 0 || row >= index.Count ? null : (index.IdOf(row), index.Rows[row].Responses);
    }

    private static async Task<(Rollout? Rollout, Verdict? Verdict, List<TracedJudgement> Judgements)> ReadAsync(ViewedRun run, RunIndex index, int row, CancellationToken cancellationToken)
    {
        IndexRow known = index.Rows[row];
        Rollout? rollout = known.Batch < 0 ? null : await run.Source.Batch.ReadAsync(known.Batch, known.BatchLength, known.BatchLine, cancellationToken);
        Verdict? verdict = known.Verdict < 0 ? null
            : JsonSerializer.Deserialize((await run.Source.ReadAsync(RunFiles.Verdicts, known.Verdict, known.VerdictLength, cancellationToken)).Span, TribunalJson.Default.Verdict);
        var judgements = new List<TracedJudgement>();
        if (index.IsWhole)
        {
            foreach (IndexPlace place in index.PlacesOf(row).Take(MostJudgements))
            {
                if (await ReadAsync(run.Source, index, place, cancellationToken) is { } judgement)
                {
                    judgements.Add(judgement);
                }
            }
        }

        return (rollout, verdict, judgements);
    }

    private static async Task<TracedJudgement?> ReadAsync(RunSource source, RunIndex index, IndexPlace place, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> line = await source.ReadAsync(index.Files[place.File], place.Offset, place.Length, cancellationToken);
        return line.Length < place.Length ? null : StoredLedger.TryRead(line.Span, JudgementLine.ReadTraced);
    }

    // Where the batch is gone: as many responses as the verdict has rewards, no two alike.
    private static Rollout Nameless(RunIndex index, int row, Verdict? verdict) => new()
    {
        Id = index.IdOf(row),
        Prompt = [],
        Responses = [.. Enumerable.Range(0, verdict?.Rewards?.Count ?? index.Rows[row].Responses).Select(static i => new Response($"{i}"))],
    };

    private static RolloutTexts FormOf(Rollout rollout) => new(
        rollout.Prompt,
        [.. rollout.Responses.Select(static response => new ResponseForm(response.Id, response.Content, response.Turns))],
        rollout.Best,
        rollout.Scores,
        rollout.Reference,
        rollout.Metadata?.GetRawText());

    private static JudgementForm FormOf(TracedJudgement judgement, bool voted, bool withTexts)
    {
        string text = judgement.Text ?? "";
        string thinking = judgement.Reasoning ?? "";
        int thought = text.LastIndexOf(ThinkEnd, StringComparison.Ordinal);
        if (thought >= 0 && thinking.Length == 0)
        {
            (thinking, text) = (text[..thought], text[(thought + ThinkEnd.Length)..]);
        }

        Range mark = judgement.Outcome == JudgementOutcome.Valid ? VerdictMark.Find(text) : 0..0;
        (int start, int length) = mark.GetOffsetAndLength(text.Length);
        return new JudgementForm
        {
            Sample = judgement.Sample,
            Judge = judgement.Judge,
            Route = judgement.Route,
            Outcome = judgement.Outcome.ToString().ToLowerInvariant(),
            Why = judgement.Why,
            Finish = judgement.Finish,
            Order = judgement.Order,
            Pair = judgement.Pair,
            Scores = judgement.Scores,
            Winner = judgement.Winner,
            Criteria = judgement.Criteria,
            Meta = judgement.Meta,
            Voted = voted,
            Usage = judgement.Usage,
            LatencyMs = judgement.LatencyMs,
            Seed = judgement.Seed,
            Requests = judgement.Tries?.Requests ?? 1,
            Neutralised = judgement.Neutralised,
            Thinking = withTexts && thinking.Length > 0 ? thinking.Trim() : null,
            Answer = !withTexts ? null : length == 0 ? [text, "", ""] : [text[..start], text.Substring(start, length), text[(start + length)..]],
            TextsLeftOut = !withTexts,
        };
    }
}
