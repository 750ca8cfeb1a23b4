using System.CommandLine;
using Tribunal.Cli.Output;
using Tribunal.Runs.Resuming;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Tribunal.Cli.Configuration;

/// <summary><c>tribunal.yaml</c>: values of options by their names, for the commands that judge, and below a command's name for that one.</summary>
internal sealed class SettingsFile
{
    public const string FileName = "tribunal.yaml";

    private readonly Dictionary<string, Dictionary<string, IReadOnlyList<string>>> _sections = new(StringComparer.Ordinal);

    private SettingsFile(string path) => Path = path;

    public string Path { get; }

    /// <summary>Reads it, and refuses what is the name of no option.</summary>
    /// <param name="path">The file.</param>
    /// <param name="names">The options of each command by its path, such as <c>export training</c>; those of the empty path are for the commands that judge.</param>
    /// <exception cref="CommandException">It can't be read, or says what no option is called.</exception>
    public static SettingsFile Read(string path, IReadOnlyDictionary<string, IReadOnlySet<string>> names)
    {
        var file = new SettingsFile(path);
        YamlMappingNode root = RootOf(path);
        file._sections[""] = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach ((YamlNode key, YamlNode value) in root.Children)
        {
            string name = TextOf(key, path);
            if (value is YamlMappingNode section)
            {
                IReadOnlySet<string> own = names.TryGetValue(name, out IReadOnlySet<string>? known) && name.Length > 0 ? known
                    : throw Wrong(path, key, $"there is no command {name}{CloseNames.Meant(name, names.Keys.Where(static command => command.Length > 0))}");
                var values = file._sections[name] = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
                foreach ((YamlNode option, YamlNode given) in section.Children)
                {
                    Add(values, option, given, own, path);
                }
            }
            else
            {
                Add(file._sections[""], key, value, names[""], path);
            }
        }

        return file;
    }

    /// <summary>What it says of an option: of the command's own section first; null for nothing.</summary>
    public IReadOnlyList<string>? Of(string command, bool judges, string option) =>
        _sections.GetValueOrDefault(command)?.GetValueOrDefault(option) ?? (judges ? _sections[""].GetValueOrDefault(option) : null);

    private static YamlMappingNode RootOf(string path)
    {
        var stream = new YamlStream();
        try
        {
            using StreamReader reader = File.OpenText(path);
            stream.Load(reader);
        }
        catch (YamlException exception)
        {
            throw new CommandException(ExitCodes.Usage, $"{path}, line {exception.Start.Line}: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCodes.Usage, $"--config {path}: {exception.Message}", exception);
        }

        return stream.Documents is [] ? [] : stream.Documents[0].RootNode as YamlMappingNode
            ?? throw new CommandException(ExitCodes.Usage, $"{path}: options and their values are expected, such as 'judge: http://localhost:8000/v1'");
    }

    private static void Add(Dictionary<string, IReadOnlyList<string>> values, YamlNode key, YamlNode value, IReadOnlySet<string> known, string path)
    {
        string name = TextOf(key, path);
        if (!known.Contains(name))
        {
            throw Wrong(path, key, $"there is no option {name}{CloseNames.Meant(name, known)}");
        }

        values[name] = value is YamlSequenceNode list ? [.. list.Children.Select(item => TextOf(item, path))] : [TextOf(value, path)];
    }

    private static string TextOf(YamlNode node, string path) => node is YamlScalarNode { Value: { } text } ? text : throw Wrong(path, node, "a value, or a list of values, is expected");

    private static CommandException Wrong(string path, YamlNode node, string message) => new(ExitCodes.Usage, $"{path}, line {node.Start.Line}: {message}");
}
