using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Protocols.Declared;

/// <summary>A protocol out of a file. Stateless and safe for concurrent use.</summary>
public sealed class DeclaredProtocol : IProtocol
{
    private readonly AnswerRule? _rule;
    private readonly Inert _inert;
    private readonly DeclaredText? _block;

    // What stands for the rubric of a rollout that has none, where a prompt is only looked at.
    private static readonly Rubric NoRubric = Rubric.Of("criterion");
    private RubricSet _rubrics = RubricSet.None;

    /// <summary>A protocol.</summary>
    /// <param name="file">What its file states.</param>
    /// <exception cref="ProtocolFileException">Its examples are not read as they state, or its own prompt reads as a verdict.</exception>
    public DeclaredProtocol(ProtocolFile file)
    {
        Definition = file;
        _rule = file.Read is { } read ? new AnswerRule(read, file.Scale) : null;
        _block = file.Block is null ? null : DeclaredText.Parse(file.Block, default);
        List<DeclaredText> texts = [.. file.Messages.Where(static message => message.Text is not null).Select(static message => message.Text!)];
        _inert = new Inert(_rule, [.. texts, .. _block is null ? (DeclaredText[])[] : [_block], file.Turns.Each]);
        ProtocolChecks.Check(this);
    }

    /// <summary>What its file states.</summary>
    public ProtocolFile Definition { get; }

    /// <inheritdoc/>
    public string Name => Definition.Name;

    /// <inheritdoc/>
    public JudgingKind Kind => Definition.Kind == ProtocolKind.Pairwise ? JudgingKind.Pairwise : JudgingKind.Listwise;

    /// <inheritdoc/>
    public SamplingDefaults Defaults => Definition.Sampling;

    /// <summary>The scale; of scalar protocols, of pairs and of rubrics from 0 to 1.</summary>
    public (double Min, double Max) ScoreRange => Definition.Scale is { } scale && Kind == JudgingKind.Listwise && Definition.Kind != ProtocolKind.Rubric ? (scale.Min, scale.Max) : (0, 1);

    private IReadOnlyCollection<string>? Words => Definition.Read is { Locator: Locator.Probability } read ? [.. read.Words.Keys] : null;

    /// <summary>Whether a judgement is a call for each response, or more.</summary>
    public bool OneByOne => Definition.Kind is ProtocolKind.Pointwise or ProtocolKind.Scalar or ProtocolKind.Rubric;

    /// <summary>Whether the prompt shows a rubric.</summary>
    public bool ShowsRubric => Definition.Kind == ProtocolKind.Rubric || Definition.Messages.Any(static message => message.Text?.Used.Contains("rubric") == true);

    /// <summary>The protocol with rubrics beside those of the rollouts.</summary>
    public DeclaredProtocol With(RubricSet rubrics)
    {
        var copy = (DeclaredProtocol)MemberwiseClone();
        copy._rubrics = rubrics;
        return copy;
    }

    /// <summary>A rollout's own rubric: that of its id or its domain, or the one that it carries; null where only that of all others is left.</summary>
    public Rubric? OwnRubric(Rollout rollout) => (_rubrics with { Others = null }).For(rollout);

    /// <inheritdoc/>
    public string? WhyNot(Rollout rollout) => rollout.Prompt.Count == 0 ? "the prompt has no turn"
            : rollout.Responses.Count == 0 ? "there is no response to score"
            : Kind == JudgingKind.Pairwise ? Pairs.WhyNot(Name, rollout)
            : Definition.Kind == ProtocolKind.Rubric && _rubrics.For(rollout) is null ? "there is no rubric to grade it by: the rollout carries none, and none is given for it"
            : NeedsReference && rollout.Reference is null ? $"{Name} compares with a reference answer and the rollout has none"
            : null;

    private bool NeedsReference => Definition.Messages.Any(static message => message.Text?.Always("reference") == true);

    /// <inheritdoc/>
    public JudgePrompt Compose(Rollout rollout, IReadOnlyList<int> order)
    {
        if (Kind == JudgingKind.Pairwise)
        {
            Pairs.CheckOrder(order);
        }

        Transcript.CheckOrder(rollout, order);
        InertRollout inert = _inert.Of(rollout, OneByOne ? 1 : Kind == JudgingKind.Pairwise ? 2 : rollout.Responses.Count);
        Rubric? rubric = _rubrics.For(rollout) ?? (Definition.Kind == ProtocolKind.Rubric ? NoRubric : null);
        InertRubric? shown = rubric is not null && ShowsRubric ? _inert.Of(rubric) : null;
        int neutralised = (shown?.Found ?? 0) + inert.Turns.Sum(static turn => turn.Found) + order.Sum(original => inert.Responses[original].Found) + (inert.Reference?.Found ?? 0);
        if (!OneByOne)
        {
            return new JudgePrompt(Messages(new Filler(Definition, _block, rollout, inert, order, shown), rollout, inert, order), neutralised) { Fields = Definition.Request, Words = Words };
        }

        int?[] criteria = Definition.Apart ? [.. Enumerable.Range(0, rubric!.Criteria.Count).Select(static criterion => (int?)criterion)] : [null];
        IReadOnlyList<Message>[] parts =
        [
            .. order.SelectMany(original => criteria.Select(criterion => Messages(new Filler(Definition, _block, rollout, inert, [original], shown) { Criterion = criterion }, rollout, inert, [original]))),
        ];
        return new JudgePrompt(parts.Length == 1 ? parts[0] : [.. parts.SelectMany(static part => part)], neutralised) { Fields = Definition.Request, Parts = parts, PartName = Definition.Apart ? "grade" : "response", Words = Words, Scalar = Definition.Kind == ProtocolKind.Scalar };
    }

    /// <inheritdoc/>
    public Reading Read(JudgeReply reply, int shown)
    {
        if (reply.Tokens is not null && Words is { } words)
        {
            // As a batch API hands them over.
            reply = ProbabilityText.Noted(reply, words);
        }

        if (!OneByOne || Definition.Kind == ProtocolKind.Rubric)
        {
            return AnswerText.Cut(reply, Definition.Thinks, out string whole) ?? ReadOne(whole, shown);
        }

        if (PartAnswers.Split(reply.Text ?? "", shown) is not { } answers)
        {
            // What ended all of them is said before what is missing.
            return AnswerText.Cut(reply, thinks: false, out _) ?? AnswerText.Unparsable($"there are not {shown} answers, one for each response");
        }

        var scores = new double[shown];
        double[]? logits = _rule is null ? new double[shown] : null;
        for (int i = 0; i < shown; i++)
        {
            Reading one = AnswerText.Cut(reply with { Text = answers[i] }, Definition.Thinks, out string answer) ?? (_rule is null ? ScalarText.Read(answer) : ReadOne(answer, 1));
            if (one.Outcome != JudgementOutcome.Valid)
            {
                return shown == 1 ? one : one with { Why = $"response {i + 1}: {one.Why}" };
            }

            scores[i] = one.Scores![0];
            if (logits is not null)
            {
                logits[i] = one.Logits![0];
            }
        }

        return new Reading(JudgementOutcome.Valid, Scores: scores) { Logits = logits };
    }

    /// <inheritdoc/>
    /// <remarks>By a rubric, a response's score is made of the grades of its criteria.</remarks>
    public Reading Read(JudgeReply reply, Rollout rollout, IReadOnlyList<int> order)
    {
        if (Definition.Kind != ProtocolKind.Rubric)
        {
            return Read(reply, order.Count);
        }

        Rubric rubric = _rubrics.For(rollout) ?? NoRubric;
        int asked = Definition.Apart ? rubric.Criteria.Count : 1;
        if (PartAnswers.Split(reply.Text ?? "", order.Count * asked) is not { } answers)
        {
            return AnswerText.Cut(reply, thinks: false, out _) ?? AnswerText.Unparsable($"there are not {order.Count * asked} answers, {(Definition.Apart ? "one for each response and criterion" : "one for each response")}");
        }

        var grades = new double[order.Count][];
        for (int shown = 0; shown < order.Count; shown++)
        {
            var own = new List<double>(rubric.Criteria.Count);
            for (int call = 0; call < asked; call++)
            {
                Reading one = Read(reply with { Text = answers[(shown * asked) + call] }, rubric.Criteria.Count / asked);
                if (one.Outcome != JudgementOutcome.Valid)
                {
                    return one with { Why = $"response {shown + 1}{(Definition.Apart ? $", criterion {rubric.Criteria[call].Id}" : "")}: {one.Why}" };
                }

                own.AddRange(one.Scores!.Select(grade => (grade - Definition.Scale!.Min) / (Definition.Scale.Max - Definition.Scale.Min)));
            }

            grades[shown] = [.. own];
        }

        return new Reading(JudgementOutcome.Valid, Scores: [.. grades.Select(rubric.Score)])
        {
            Criteria = [.. rubric.Criteria.Select((criterion, i) => new CriterionGrades(criterion.Id, [.. grades.Select(own => own[i])]))],
        };
    }

    private Reading ReadOne(string answer, int shown)
    {
        Finding found = _rule!.Read(answer, shown);
        if (found.Why is { } why)
        {
            return found.Somewhere ? AnswerText.Unparsable(why) : AnswerText.NoVerdict(answer, why);
        }

        if (Kind == JudgingKind.Listwise)
        {
            return new Reading(JudgementOutcome.Valid, Scores: [.. found.Numbers!.Select(score => Definition.Scale?.Upwards(score) ?? score)]);
        }

        double margin = found.Numbers is [var first, var second] ? (Definition.Scale?.LowIsBest == true ? second - first : first - second) : 0;
        int winner = found.Winner ?? (margin > 0 ? 1 : margin < 0 ? 2 : (int)ReadRule.Tie);
        return winner != ReadRule.Tie ? new Reading(JudgementOutcome.Valid, Winner: winner - 1)
            : Definition.Ties ? new Reading(JudgementOutcome.Valid)
            : AnswerText.Unparsable("the judge calls it a tie, which is no verdict of this protocol");
    }

    private List<Message> Messages(Filler filler, Rollout rollout, InertRollout inert, IReadOnlyList<int> order)
    {
        var messages = new List<Message>(Definition.Messages.Count);
        foreach (DeclaredMessage message in Definition.Messages)
        {
            if (message.Conversation)
            {
                messages.AddRange(rollout.Prompt.Select((turn, i) => new Message(Role(turn.Role), inert.Turns[i].Text)));
            }
            else if (message.PerResponse)
            {
                messages.AddRange(order.Select((_, shown) => new Message(Numbering.Fill(message.Role, shown), filler.Fill(message.Text!, shown))));
            }
            else if (filler.Fill(message.Text!, shown: null) is var text && (text.Length > 0 || message.Text!.Segments.Count == 0 || message.Text.Used.Contains("response")))
            {
                // A message whose only block is left out says nothing; a response that says nothing is one all the same, and so is a message that is meant to.
                messages.Add(new Message(message.Role, text));
            }
        }

        return messages;
    }

    // A role is the rollout's text as well, so only known ones are sent.
    private static string Role(string role) => role.ToLowerInvariant() switch
    {
        "assistant" or "gpt" or "model" or ToolTurns.Thoughts => "assistant",
        "system" or "developer" => "system",
        _ => "user",
    };
}
