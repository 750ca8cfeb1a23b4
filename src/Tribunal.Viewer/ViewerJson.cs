using System.Text.Json.Serialization;
using Tribunal.Viewer.Forms;

namespace Tribunal.Viewer;

/// <summary>Source-generated JSON of the viewer's API.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RunsAnswer))]
[JsonSerializable(typeof(RunAnswer))]
[JsonSerializable(typeof(TagsForm))]
[JsonSerializable(typeof(LiveAnswer))]
[JsonSerializable(typeof(DoneAnswer))]
[JsonSerializable(typeof(RefusedAnswer))]
[JsonSerializable(typeof(IndexHeader))]
[JsonSerializable(typeof(RowsAnswer))]
[JsonSerializable(typeof(RolloutAnswer))]
[JsonSerializable(typeof(JudgementForm))]
[JsonSerializable(typeof(VoteAnswer))]
[JsonSerializable(typeof(LabelForm))]
[JsonSerializable(typeof(CompareAnswer))]
[JsonSerializable(typeof(SharedRowsAnswer))]
internal sealed partial class ViewerJson : JsonSerializerContext;
