using System.Text.Json.Serialization.Metadata;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Training;

namespace Tribunal.Formats.TrainingSets;

/// <summary>Writes the examples of a form in the shape that was asked for.</summary>
internal abstract class ExampleWriter
{
    /// <summary>Examples written.</summary>
    public long Examples { get; protected set; }

    /// <summary>Opens a writer.</summary>
    public static ExampleWriter Open(TrainingExportOptions options, ExampleComposer example, Stream output)
    {
        FormatsJson json = FormatsJson.Default;
        bool apart = options.Reasoning == ReasoningPlace.Field;
        return (options.Form, options.Shape, apart) switch
        {
            (TrainingForm.Rlvr, _, _) => new Writer<VerlRow>(
                Rows(json.VerlRow),
                static (example, rollout, kept, written) => kept
                    .GroupBy(static t => string.Join(',', t.Judgement.Order), StringComparer.Ordinal)
                    .Select((same, i) => example.Verl(rollout, [.. same], written + i)),
                example),
            (TrainingForm.Rrm or TrainingForm.Meta, _, false) => Each(json.LabelledRowTurnRow, static (t, prompt, said) => new LabelledRow<TurnRow>
            {
                Prompt = prompt,
                Completion = [ExampleComposer.Answer(said)],
                Label = t.Reward > 0,
                Reward = t.Reward,
            }),
            (TrainingForm.Rrm or TrainingForm.Meta, _, true) => Each(json.LabelledRowReasonedTurnRow, static (t, prompt, said) => new LabelledRow<ReasonedTurnRow>
            {
                Prompt = prompt,
                Completion = [ExampleComposer.ReasonedAnswer(said)],
                Label = t.Reward > 0,
                Reward = t.Reward,
            }),
            (_, ExampleShape.Messages, false) => Each(json.MessagesRowTurnRow, static (t, prompt, said) => new MessagesRow<TurnRow>
            {
                Messages = [.. prompt, ExampleComposer.Answer(said)],
            }),
            (_, ExampleShape.Messages, true) => Each(json.MessagesRowReasonedTurnRow, static (t, prompt, said) => new MessagesRow<ReasonedTurnRow>
            {
                Messages = [.. prompt.Select(static turn => new ReasonedTurnRow { Role = turn.Role, Content = turn.Content }), ExampleComposer.ReasonedAnswer(said)],
            }),
            (_, _, false) => Each(json.CompletionRowTurnRow, static (t, prompt, said) => new CompletionRow<TurnRow>
            {
                Prompt = prompt,
                Completion = [ExampleComposer.Answer(said)],
            }),
            _ => Each(json.CompletionRowReasonedTurnRow, static (t, prompt, said) => new CompletionRow<ReasonedTurnRow>
            {
                Prompt = prompt,
                Completion = [ExampleComposer.ReasonedAnswer(said)],
            }),
        };

        ExampleWriter Each<TRow>(JsonTypeInfo<TRow> type, Func<Trajectory, List<TurnRow>, TracedJudgement, TRow> compose)
            where TRow : TrainingRow, new() =>
            new Writer<TRow>(Rows(type), (example, rollout, kept, _) => kept.SelectMany(t => example.Calls(rollout, t).Select(call => example.From(compose(t, call.Prompt, call.Said), rollout, t.Judgement))), example);

        IRowWriter<TRow> Rows<TRow>(JsonTypeInfo<TRow> type)
            where TRow : class, new() =>
            options.Format == TrainingFileFormat.Parquet ? new ParquetWriter<TRow>(output, type) : new JsonLinesWriter<TRow>(output, type);
    }

    /// <summary>Writes what is kept of a rollout.</summary>
    public abstract Task WriteAsync(Rollout rollout, IReadOnlyList<Trajectory> decided, CancellationToken cancellationToken);

    /// <summary>Writes what is left.</summary>
    public abstract Task CompleteAsync(CancellationToken cancellationToken);

    private sealed class Writer<TRow>(IRowWriter<TRow> rows, Func<ExampleComposer, Rollout, IReadOnlyList<Trajectory>, long, IEnumerable<TRow>> compose, ExampleComposer example)
        : ExampleWriter
    {
        public override async Task WriteAsync(Rollout rollout, IReadOnlyList<Trajectory> decided, CancellationToken cancellationToken)
        {
            Trajectory[] kept = [.. decided.Where(static t => t.Dropped is null)];
            int prompt = rollout.Prompt.Sum(static m => m.Content.Length) + rollout.Responses.Sum(static r => r.Content.Length);
            foreach (TRow row in compose(example, rollout, kept, Examples).ToArray())
            {
                await rows.WriteAsync(row, prompt + kept.Max(static t => (t.Judgement.Text?.Length ?? 0) + (t.Judgement.Reasoning?.Length ?? 0)), cancellationToken);
                Examples++;
            }
        }

        public override Task CompleteAsync(CancellationToken cancellationToken) => rows.CompleteAsync(cancellationToken);
    }
}
