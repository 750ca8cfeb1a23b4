using Tribunal.Formats.Batches;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Steps;

/// <summary>
/// What a run will draw, told before anything is asked. The run's own scheme is asked what it wants of each rollout and is given
/// made-up judgements until it wants no more; policies that decide as they go are taken for their most.
/// </summary>
public sealed record RunForecast
{
    /// <summary>Rollouts that will be judged.</summary>
    public required long Rollouts { get; init; }

    /// <summary>Lines of the batch that will be refused, or that the judge can't score.</summary>
    public required long Unscorable { get; init; }

    /// <summary>Responses of the rollouts, in all.</summary>
    public required long Responses { get; init; }

    /// <summary>Judgements, hinted samples left out.</summary>
    public required long Judgements { get; init; }

    /// <summary>Whether so many judgements will be drawn; otherwise it is the most.</summary>
    public required bool Exact { get; init; }

    /// <summary>The fewest judgements: what policies that decide as they go draw before they may stop.</summary>
    public required long Fewest { get; init; }

    /// <summary>The lowest and the highest cap on one answer, in tokens.</summary>
    public (int Low, int High) AnswerCap { get; init; }

    /// <summary>Prompt tokens of them, a token taken for four characters.</summary>
    public required long PromptTokens { get; init; }

    /// <summary>The most tokens that they may answer with: the cap on each answer.</summary>
    public required long AnswerTokens { get; init; }

    /// <summary>What the prompts cost; null where no price is known.</summary>
    public double? PromptCost { get; init; }

    /// <summary>The cost if every answer were as long as its cap; null where no price is known.</summary>
    public double? MostCost { get; init; }

    /// <summary>Rollouts without a known answer that have a field which may say it, and that field of the first of them.</summary>
    public (long Count, string? Field) UnreadLabels { get; init; }

    /// <summary>Fields that the request names, by the options that name them, and that no rollout has.</summary>
    public IReadOnlyList<string> UnfoundFields { get; init; } = [];

    /// <summary>The forecast of a run.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="batch">Its batch.</param>
    /// <param name="routes">Who judges.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="BatchFormatException">The batch can't be read, or nothing in it can be judged.</exception>
    /// <exception cref="ProblemsException">Options are wrong.</exception>
    public static async Task<RunForecast> OfAsync(EvaluationRequest request, IBatchFile batch, JudgeRoutes routes, CancellationToken cancellationToken)
    {
        EvaluationRequest most = With(request, static policy => policy.Max);
        var sum = Sum.Of(most, routes);

        // The scheme is asked again only where it may stop before.
        Sum? least = IsExact(request) ? null : Sum.Of(With(request, static policy => policy.Min), routes);
        var validator = new RolloutValidator();
        var labels = new UnreadLabels();
        bool labelled = false, referenced = false, instructed = false;
        InvalidLine? first = null;
        await foreach (BatchLine line in SelectedLines.ReadAsync(batch, await batch.FingerprintAsync(cancellationToken), most, cancellationToken))
        {
            if ((line.Error ?? validator.Check(line.Rollout!)) is { } fault)
            {
                first ??= new InvalidLine(line.Line, fault, line.Rollout?.Id);
                sum.Unscorable++;
            }
            else
            {
                sum.Add(line.Rollout!);
                labels.Add(line.Rollout!);
                labelled |= line.Rollout is { Best: not null } or { Scores: not null };
                referenced |= line.Rollout!.Reference is not null;
                instructed |= line.Rollout!.Prompt.Any(static turn => turn.Role == "system");
                least?.Add(line.Rollout!);
            }
        }

        if (first is not null && sum.Unread)
        {
            throw BatchFormatException.NothingFits(sum.Unscorable, first);
        }

        return sum.Forecast(request, least) with
        {
            UnreadLabels = (labels.Count, labels.Field),
            UnfoundFields =
            [
                .. !labelled && request.Fields?.Label is { } label ? [$"--label-field {label}"] : (string[])[],
                .. !referenced && request.Fields?.Reference is { } reference ? [$"--reference-field {reference}"] : (string[])[],
                .. !instructed && request.Fields?.System is { } system ? [$"--system-field {system}"] : (string[])[],
            ],
        };
    }

    private static bool IsExact(EvaluationRequest request) =>
        request.Policy.Kind == PolicyKind.Fixed && (request.Routing?.Routes.All(static route => route is { Task: null, Below: null } && route.Policy is null or { Kind: PolicyKind.Fixed }) ?? true);

    private static EvaluationRequest With(EvaluationRequest request, Func<PolicyOptions, int> samples) => request with
    {
        Policy = Of(request.Policy, samples),
        Tournament = request.Policy.Kind == PolicyKind.Fixed ? request.Tournament : request.Tournament with { Votes = null },
        Routing = request.Routing is not { } table ? null : new RoutingTable { Routes = [.. table.Routes.Select(route => route.Policy is { } policy ? route with { Policy = Of(policy, samples) } : route)] },
        Prior = null,
    };

    private static PolicyOptions Of(PolicyOptions policy, Func<PolicyOptions, int> samples) => policy.Kind == PolicyKind.Fixed ? policy : new PolicyOptions { Kind = PolicyKind.Fixed, Samples = samples(policy) };

    private sealed class Sum(RunBranches branches, ScoringRules rules)
    {
        private long _rollouts;
        private long _responses;
        private long _judgements;
        private long _prompt;
        private long _answer;
        private double _promptCost;
        private double _mostCost;
        private bool _priced = true;
        private (int Low, int High) _cap = (int.MaxValue, 0);

        public long Unscorable { get; set; }

        public bool Unread => _rollouts == 0;

        public static Sum Of(EvaluationRequest request, JudgeRoutes routes)
        {
            var branches = new RunBranches(request, routes);
            return new Sum(branches, new ScoringRules(branches.Router, request.Seed));
        }

        public void Add(Rollout rollout)
        {
            var scoring = new RolloutScoring(rules, rollout);
            var texts = new Dictionary<GatedJudge, long>();
            long before = _judgements;
            while (scoring.Next(hints: false) is { Count: > 0 } wanted)
            {
                foreach (NextSample sample in wanted)
                {
                    GatedJudge judge = branches.Of(new PlannedDraw(0, sample.Draw.Sample, sample.Hint, sample.Route), rollout.Responses.Count);
                    if (!texts.TryGetValue(judge, out long tokens))
                    {
                        texts.Add(judge, tokens = TokensOf(judge.Judge, rollout, sample.Draw));
                    }

                    Count(judge.Judge, tokens);
                    scoring.Add(MadeUp(judge.Judge, rollout, sample));
                }
            }

            if (_judgements == before)
            {
                Unscorable++;
                return;
            }

            _rollouts++;
            _responses += rollout.Responses.Count;
        }

        public RunForecast Forecast(EvaluationRequest request, Sum? least) => new()
        {
            Rollouts = _rollouts,
            Unscorable = Unscorable,
            Responses = _responses,
            Judgements = request is { Policy: { Kind: PolicyKind.Budget, Judgements: { } total } } ? Math.Min(total, _judgements) : _judgements,
            Exact = least is null,
            Fewest = Math.Min(least?._judgements ?? _judgements, request is { Policy: { Kind: PolicyKind.Budget, Judgements: { } most } } ? most : long.MaxValue),
            AnswerCap = _cap.High == 0 ? default : _cap,
            PromptTokens = _prompt,
            AnswerTokens = _answer,
            PromptCost = _priced ? _promptCost : null,
            MostCost = _priced ? _mostCost : null,
        };

        private void Count(Judge judge, long tokens)
        {
            int answer = judge.Sampling.MaxTokens;
            _cap = (Math.Min(_cap.Low, answer), Math.Max(_cap.High, answer));
            _judgements++;
            _prompt = Usage.Sum(_prompt, tokens);
            _answer = Usage.Sum(_answer, answer);
            _priced &= judge.Price is not null;
            _promptCost += judge.Price?.Of(new Usage(tokens, 0)) ?? 0;
            _mostCost += judge.Price?.Of(new Usage(tokens, answer)) ?? 0;
        }

        private static long TokensOf(Judge judge, Rollout rollout, Draw draw)
        {
            JudgePrompt prompt = judge.Protocol.Compose(judge.View.Of(rollout), draw.Order);
            return Usage.Estimate((prompt.Parts ?? [prompt.Messages]).Sum(static messages => messages.Sum(static message => (long)message.Content.Length)));
        }

        // The first response is always the better one: brackets are played to their ends.
        private static Judgement MadeUp(Judge judge, Rollout rollout, NextSample sample)
        {
            (double min, double max) = judge.Protocol.ScoreRange;
            int count = rollout.Responses.Count;
            return new Judgement
            {
                RolloutId = rollout.Id,
                Sample = sample.Draw.Sample,
                Protocol = judge.Protocol.Name,
                Judge = judge.Name,
                Order = sample.Draw.Order,
                Pair = sample.Draw.Pair,
                Outcome = JudgementOutcome.Valid,
                Winner = sample.Draw.Pair?[0],
                Scores = sample.Draw.Pair is null ? [.. Enumerable.Range(0, count).Select(i => max - ((max - min) * i / Math.Max(1, count)))] : null,
                Route = sample.Route,
            };
        }
    }
}
