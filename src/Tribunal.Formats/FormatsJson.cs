using System.Text.Json;
using System.Text.Json.Serialization;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.Lines;
using Tribunal.Formats.TrainingSets;
using Tribunal.Training;

namespace Tribunal.Formats;

/// <summary>Source-generated JSON of refused lines, exports and training sets.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(InvalidLine))]
[JsonSerializable(typeof(NamedLine))]
[JsonSerializable(typeof(MessagesRow<TurnRow>))]
[JsonSerializable(typeof(MessagesRow<ReasonedTurnRow>))]
[JsonSerializable(typeof(CompletionRow<TurnRow>))]
[JsonSerializable(typeof(CompletionRow<ReasonedTurnRow>))]
[JsonSerializable(typeof(LabelledRow<TurnRow>))]
[JsonSerializable(typeof(LabelledRow<ReasonedTurnRow>))]
[JsonSerializable(typeof(VerlRow))]
[JsonSerializable(typeof(TrainingReport))]
[JsonSerializable(typeof(DropReason))]
[JsonSerializable(typeof(VerdictExport.VerdictRow))]
internal sealed partial class FormatsJson : JsonSerializerContext
{
    /// <summary>The same forms, indented for people.</summary>
    public static FormatsJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
        Encoder = LedgerEncoding.Encoder,
    });
}
