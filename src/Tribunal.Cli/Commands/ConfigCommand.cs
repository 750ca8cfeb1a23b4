using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tribunal.Cli.Configuration;
using Tribunal.Cli.Output;
using Tribunal.Runs.Resuming;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal config schema</c>: what <c>tribunal.yaml</c> may say, as a JSON Schema made of the options' own declarations.</summary>
internal static class ConfigCommand
{
    private const string Dialect = "https://json-schema.org/draft/2020-12/schema";
    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create()
    {
        Command schema = new("schema", """
            Prints a JSON Schema of tribunal.yaml, for editors that complete and check by one.

              tribunal config schema > tribunal.schema.json      and in tribunal.yaml: # yaml-language-server: $schema=tribunal.schema.json
            """);
        Option<string?> output = OutputFile.Option("Where it goes; standard output by default.", ".json");
        schema.Options.Add(output);
        schema.SetAction(async (parsed, cancellationToken) =>
        {
            using var bytes = new MemoryStream();
            using (var writer = new Utf8JsonWriter(bytes, Indented))
            {
                SchemaOf(parsed.RootCommandResult.Command).WriteTo(writer);
            }

            bytes.Write("\n"u8);
            await OutputFile.WriteAsync(parsed.GetValue(output) ?? OutputFile.Standard, bytes.ToArray(), cancellationToken);
            return ExitCodes.Ok;
        });
        return new Command("config", "What tribunal.yaml may say.") { schema };
    }

    private static JsonObject SchemaOf(Command root)
    {
        var properties = new JsonObject();
        IReadOnlyDictionary<string, IReadOnlyList<Option>> commands = Settings.Commands(root);
        foreach (Option option in commands[""])
        {
            properties[option.Name.TrimStart('-')] = SchemaOf(option);
        }

        foreach ((string path, IReadOnlyList<Option> options) in commands.Where(static command => command is { Key.Length: > 0, Value.Count: > 0 }))
        {
            var own = new JsonObject();
            foreach (Option option in options)
            {
                own[option.Name.TrimStart('-')] = SchemaOf(option);
            }

            var section = new JsonObject { ["type"] = "object", ["description"] = $"Options of tribunal {path} only.", ["additionalProperties"] = false, ["properties"] = own };

            // Where a command is called as an option is, the name stands for either.
            properties[path] = properties[path] is { } alike ? new JsonObject { ["anyOf"] = new JsonArray(alike.DeepClone(), section) } : section;
        }

        return new JsonObject { ["$schema"] = Dialect, ["title"] = "tribunal.yaml", ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties };
    }

    private static JsonObject SchemaOf(Option option)
    {
        Type type = option.ValueType;
        bool many = type.IsArray;
        Type item = many ? type.GetElementType()! : Nullable.GetUnderlyingType(type) ?? type;
        var one = new JsonObject
        {
            ["type"] = item == typeof(bool) ? "boolean" : item == typeof(int) || item == typeof(long) ? "integer" : item == typeof(double) ? "number" : "string",
        };
        string[] words = item == typeof(bool) ? [] : [.. option.GetCompletions(System.CommandLine.Completions.CompletionContext.Empty).Select(static word => word.Label)];
        if (words.Length > 0 && option.Name != "--protocol")
        {
            one["enum"] = new JsonArray([.. words.Select(static word => (JsonNode)word)]);
        }

        JsonObject schema = many ? new JsonObject { ["anyOf"] = new JsonArray(one, new JsonObject { ["type"] = "array", ["items"] = one.DeepClone() }) } : one;
        schema["description"] = option.Description;
        return schema;
    }
}
