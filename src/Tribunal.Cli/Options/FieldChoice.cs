using System.CommandLine;
using Tribunal.Formats.Batches;

namespace Tribunal.Cli.Options;

/// <summary>The options that say which fields of a batch's records hold what, where their names don't.</summary>
internal sealed class FieldChoice
{
    private readonly Option<string?> _prompt = new("--prompt-field") { Description = "The batch's field with the prompt; several, by commas, are shown one below the other.", HelpName = "NAMES" };
    private readonly Option<string?> _responses = new("--responses-field") { Description = "The batch's field with the list of responses, or with one; several, by commas, are a response each.", HelpName = "NAMES" };
    private readonly Option<string?> _system = new("--system-field") { Description = "The batch's field with the system prompt.", HelpName = "NAME" };
    private readonly Option<string?> _id = new("--id-field") { Description = "The batch's field with the id.", HelpName = "NAME" };
    private readonly Option<string?> _label = new("--label-field") { Description = "The batch's field with the known answer: a value for each response, or which is best.", HelpName = "NAME" };
    private readonly Option<int?> _labelFrom = new("--label-from") { Description = "The number of the first response in that field, 0 or 1, where the responses' names don't say it.", HelpName = "N" };
    private readonly Option<string?> _reference = new("--reference-field") { Description = "The batch's field with the reference answer.", HelpName = "NAME" };
    private readonly Option<string?> _groupBy = new("--group-by") { Description = "Rows of one response each: those with the same value of this field are one rollout; prompt goes by the prompt itself.", HelpName = "NAME" };

    /// <summary>Adds the options.</summary>
    public void AddTo(Command command) => command.Add(_prompt, _responses, _system, _id, _label, _labelFrom, _reference, _groupBy);

    /// <summary>What they say; null where nothing.</summary>
    public BatchFields? Of(ParseResult parsed)
    {
        var fields = new BatchFields
        {
            Prompt = parsed.GetValue(_prompt),
            Responses = parsed.GetValue(_responses),
            System = parsed.GetValue(_system),
            Id = parsed.GetValue(_id),
            Label = parsed.GetValue(_label),
            LabelFrom = parsed.GetValue(_labelFrom),
            Reference = parsed.GetValue(_reference),
            GroupBy = parsed.GetValue(_groupBy),
        };
        return fields == new BatchFields() ? null : fields;
    }
}
