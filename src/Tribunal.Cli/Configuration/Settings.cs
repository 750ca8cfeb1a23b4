using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json.Nodes;
using Tribunal.Cli.Output;
using Tribunal.Runs.Resuming;

namespace Tribunal.Cli.Configuration;

/// <summary>An option that was not on the command line, and who gave it.</summary>
internal sealed record Setting(string Option, IReadOnlyList<string> Values, string From);

/// <summary>
/// Options from the environment and from <c>tribunal.yaml</c>: where the command line does not give one, the environment does, then
/// the file, then the option's own default.
/// </summary>
internal static class Settings
{
    public const string ConfigOption = "--config";

    /// <summary>What of a run's options came from elsewhere than the command line, in the run's folder.</summary>
    public const string FileName = "settings.json";
    private const string Prefix = "TRIBUNAL_";

    /// <summary>Settings for all are for the commands that ask a judge, what an option means to others may differ, but for the options that every command has.</summary>
    private static readonly string[] Judging = ["score", "bench", "serve", "doctor", "judges try"];

    /// <summary>Adds <c>--config</c> to a command and those below it.</summary>
    public static void AddTo(Command command)
    {
        if (command.Options.All(static option => option.Name != ConfigOption))
        {
            command.Options.Add(new Option<string?>(ConfigOption) { Description = $"Options by their names in a YAML file; {SettingsFile.FileName} of the working folder by default, none for none.", HelpName = "FILE", Recursive = true });
        }
    }

    /// <summary>What the environment and the file add to a command line.</summary>
    /// <param name="root">All commands, or the only one.</param>
    /// <param name="parsed">The command line.</param>
    /// <exception cref="CommandException">The file can't be used.</exception>
    public static IReadOnlyList<Setting> Of(Command root, ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        if (command.Action is null)
        {
            return [];
        }

        string path = PathOf(parsed.CommandResult);
        bool judges = Judging.Contains(path);
        SettingsFile? file = FileOf(root, parsed.GetResult(ConfigOption) is OptionResult { Tokens: [var named, ..] } ? named.Value : null);
        var settings = new List<Setting>();
        foreach (Option option in (command == root ? [] : root.Options.Where(static option => option.Recursive)).Concat(command.Options).Where(option => option.Name != ConfigOption && IsSettable(option) && parsed.GetResult(option) is null or OptionResult { Implicit: true }))
        {
            string name = option.Name.TrimStart('-');
            bool forAll = judges || option.Recursive;
            if (FromEnvironment(path, forAll, name) is { } given)
            {
                settings.Add(new Setting(name, option.Arity.MaximumNumberOfValues > 1 ? given.Value.Split(',', StringSplitOptions.TrimEntries) : [given.Value], given.Variable));
            }
            else if (file?.Of(path, forAll, name) is { } values)
            {
                settings.Add(new Setting(name, values, file.Path));
            }
        }

        Used = settings;
        return settings;
    }

    /// <summary>What the command under way has from elsewhere than its command line.</summary>
    public static IReadOnlyList<Setting> Used { get; private set; } = [];

    /// <summary>Writes what the command under way has from elsewhere beside its results; nothing where it has nothing.</summary>
    /// <param name="folder">Where its results are; where there is none, none are.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task KeepAsync(string folder, CancellationToken cancellationToken)
    {
        if (Used.Count == 0 || !Directory.Exists(folder))
        {
            return;
        }

        var document = new JsonObject();
        foreach (Setting setting in Used)
        {
            document[setting.Option] = new JsonObject { ["value"] = new JsonArray([.. setting.Values.Select(static value => (JsonNode)value)]), ["from"] = setting.From };
        }

        await File.WriteAllTextAsync(Path.Combine(folder, FileName), document.ToJsonString() + "\n", cancellationToken);
    }

    /// <summary>Settings as the words of a command line.</summary>
    public static IEnumerable<string> Words(IEnumerable<Setting> settings) =>
        settings.SelectMany(static setting => setting.Values.Select(value => $"--{setting.Option}={value}"));

    /// <summary>One line on where options came from.</summary>
    public static string Say(IEnumerable<Setting> settings) =>
        string.Join("; ", settings.GroupBy(static setting => setting.From, StringComparer.Ordinal).Select(static from => $"{from.Key}: {string.Join(", ", from.Select(static setting => $"{setting.Option} {string.Join(' ', setting.Values)}"))}"));

    /// <summary>The options of every command by its path; those of the empty path are the options of all that judge.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<Option>> Commands(Command root)
    {
        var commands = new SortedDictionary<string, IReadOnlyList<Option>>(StringComparer.Ordinal);
        Collect(root, root is RootCommand ? "" : root.Name);
        Option[] common = [.. root.Options.Where(static option => option.Recursive && IsSettable(option))];
        foreach (string path in commands.Keys.Where(static path => path.Length > 0).ToArray())
        {
            commands[path] = [.. commands[path].Concat(common).DistinctBy(static option => option.Name)];
        }

        commands[""] = [.. Judging.SelectMany(path => commands.GetValueOrDefault(path) ?? []).Concat(common).DistinctBy(static option => option.Name)];
        return commands;

        void Collect(Command command, string path)
        {
            commands[path] = [.. command.Options.Where(IsSettable)];
            foreach (Command sub in command.Subcommands)
            {
                Collect(sub, path.Length == 0 ? sub.Name : $"{path} {sub.Name}");
            }
        }
    }

    private static bool IsSettable(Option option) => !option.Hidden && option.Name is not (ConfigOption or "--help" or "--version");

    private static SettingsFile? FileOf(Command root, string? named)
    {
        if (named == "none" || (named is null && !File.Exists(SettingsFile.FileName)))
        {
            return null;
        }

        // A benchmark has its items scored by another command of its own, which knows the options of no third.
        Command all = root is RootCommand ? Known = root : Known ?? root;
        return SettingsFile.Read(named ?? SettingsFile.FileName, Commands(all).ToDictionary(static command => command.Key, static IReadOnlySet<string> (command) => command.Value.Select(static option => option.Name.TrimStart('-')).ToHashSet(StringComparer.Ordinal), StringComparer.Ordinal));
    }

    private static Command? Known { get; set; }

    private static (string Variable, string Value)? FromEnvironment(string path, bool judges, string option)
    {
        string name = Upper(option);
        foreach (string variable in (string[])[$"{Prefix}{Upper(path)}_{name}", .. judges ? [$"{Prefix}{name}"] : Array.Empty<string>()])
        {
            if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value)
            {
                return (variable, value);
            }
        }

        return null;
    }

    private static string Upper(string name) => name.ToUpperInvariant().Replace('-', '_').Replace(' ', '_');

    /// <summary>A command's name after those above it, without the tool's own.</summary>
    public static string PathOf(CommandResult result) => result.Command is RootCommand ? ""
        : result.Parent is CommandResult above ? $"{PathOf(above)} {result.Command.Name}".TrimStart()
        : result.Command.Name;
}
