using System.IO.Compression;
using System.Text.Json.Serialization.Metadata;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Training;

namespace Tribunal.Formats.TrainingSets;

/// <summary>Writes the examples of a form in the shape that was asked for.</summary>
internal abstract class ExampleWriter
{
    public long Examples { get; protected set; }

    public static ExampleWriter Open(TrainingExportOptions options, ExampleComposer example, Stream output)
    {
        FormatsJson json = FormatsJson.Default;
        return options.Form == TrainingForm.Rlvr
            ? new Writer<VerlRow>(
                Rows(json.VerlRow),
                static (example, rollout, kept, written) => kept
                    .GroupBy(static t => string.Join(',', t.Judgement.Order), StringComparer.Ordinal)
                    .Select((same, i) => example.Verl(rollout, [.. same], written + i)),
                example)
            : options.Reasoning == ReasoningPlace.Field
            ? Examples(
                json.LabelledRowReasonedTurnRow, json.MessagesRowReasonedTurnRow, json.CompletionRowReasonedTurnRow,
                static turn => new ReasonedTurnRow(turn.Role, turn.Content, null), ExampleComposer.ReasonedAnswer)
            : Examples(json.LabelledRowTurnRow, json.MessagesRowTurnRow, json.CompletionRowTurnRow, static turn => turn, ExampleComposer.Answer);

        ExampleWriter Examples<TTurn>(
            JsonTypeInfo<LabelledRow<TTurn>> labelled, JsonTypeInfo<MessagesRow<TTurn>> messages, JsonTypeInfo<CompletionRow<TTurn>> completion,
            Func<TurnRow, TTurn> asked, Func<TracedJudgement, TTurn> answer) => (options.Form, options.Shape) switch
        {
            (TrainingForm.Rrm or TrainingForm.Meta, _) => Each(labelled, (t, prompt, said) => new LabelledRow<TTurn>(prompt, [answer(said)], t.Reward > 0, t.Reward)),
            (_, ExampleShape.Messages) => Each(messages, (_, prompt, said) => new MessagesRow<TTurn>([.. prompt.Select(asked), answer(said)])),
            _ => Each(completion, (_, prompt, said) => new CompletionRow<TTurn>(prompt, [answer(said)])),
        };

        ExampleWriter Each<TRow>(JsonTypeInfo<TRow> type, Func<Trajectory, List<TurnRow>, TracedJudgement, TRow> compose)
            where TRow : TrainingRow =>
            new Writer<TRow>(Rows(type), (example, rollout, kept, _) => kept.SelectMany(t => example.Calls(rollout, t).Select(call => example.From(compose(t, call.Prompt, call.Said), rollout, t.Judgement))), example);

        IRowWriter<TRow> Rows<TRow>(JsonTypeInfo<TRow> type)
            where TRow : class => options.Format == TrainingFileFormat.Parquet
                ? new ParquetWriter<TRow>(output, new ParquetColumns<TRow>(type), groupRows: 5_000, CompressionLevel.Optimal)
                : new JsonLinesWriter<TRow>(new LineWriter(output), type);
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
