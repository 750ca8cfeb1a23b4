using System.CommandLine;
using Tribunal.Cli.Output;

namespace Tribunal.Cli.Options;

/// <summary>The options that every command has, with the same meaning in each.</summary>
internal static class CommonOptions
{
    /// <summary>Adds them to a command and those below it.</summary>
    public static void AddTo(Command command)
    {
        if (command.Options.Any(static option => option.Name == Results.QuietOption))
        {
            return;
        }

        command.Options.Add(new Option<bool>(Results.QuietOption, "-q") { Description = "Say nothing but errors and warnings.", Recursive = true });
        command.Options.Add(ToolLog.Option());
        AddJson(command);
    }

    // A command that has others below it prints help where none of them is named.
    private static void AddJson(Command command)
    {
        if (command.Action is not null && command is not RootCommand && command.Options.All(static option => option.Name != Results.JsonOption))
        {
            command.Options.Add(new Option<bool>(Results.JsonOption) { Description = "Print the result as JSON on standard output, and nothing else there." });
        }

        foreach (Command sub in command.Subcommands)
        {
            AddJson(sub);
        }
    }
}
