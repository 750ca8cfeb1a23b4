using System.Text.Json.Serialization.Metadata;
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
            (TrainingForm.Rrm or TrainingForm.Meta, _, false) => Each(json.LabelledRowTurnRow, static (example, rollout, t) => new LabelledRow<TurnRow>
            {
                Prompt = example.Prompt(rollout, t),
                Completion = [ExampleComposer.Answer(t.Judgement)],
                Label = t.Reward > 0,
                Reward = t.Reward,
            }),
            (TrainingForm.Rrm or TrainingForm.Meta, _, true) => Each(json.LabelledRowReasonedTurnRow, static (example, rollout, t) => new LabelledRow<ReasonedTurnRow>
            {
                Prompt = example.Prompt(rollout, t),
                Completion = [ExampleComposer.ReasonedAnswer(t.Judgement)],
                Label = t.Reward > 0,
                Reward = t.Reward,
            }),
            (_, ExampleShape.Messages, false) => Each(json.MessagesRowTurnRow, static (example, rollout, t) => new MessagesRow<TurnRow>
            {
                Messages = [.. example.Prompt(rollout, t), ExampleComposer.Answer(t.Judgement)],
            }),
            (_, ExampleShape.Messages, true) => Each(json.MessagesRowReasonedTurnRow, static (example, rollout, t) => new MessagesRow<ReasonedTurnRow>
            {
                Messages = [.. example.Prompt(rollout, t).Select(static turn => new ReasonedTurnRow { Role = turn.Role, Content = turn.Content }), ExampleComposer.ReasonedAnswer(t.Judgement)],
            }),
            (_, _, false) => Each(json.CompletionRowTurnRow, static (example, rollout, t) => new CompletionRow<TurnRow>
            {
                Prompt = example.Prompt(rollout, t),
                Completion = [ExampleComposer.Answer(t.Judgement)],
            }),
            _ => Each(json.CompletionRowReasonedTurnRow, static (example, rollout, t) => new CompletionRow<ReasonedTurnRow>
            {
                Prompt = example.Prompt(rollout, t),
                Completion = [ExampleComposer.ReasonedAnswer(t.Judgement)],
            }),
        };

        ExampleWriter Each<TRow>(JsonTypeInfo<TRow> type, Func<ExampleComposer, Rollout, Trajectory, TRow> compose)
            where TRow : TrainingRow, new() =>
            new Writer<TRow>(Rows(type), (example, rollout, kept, _) => kept.Select(t => example.From(compose(example, rollout, t), rollout, t.Judgement)), example);

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
