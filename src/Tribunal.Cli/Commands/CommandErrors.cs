using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Tribunal.Azure.Queues;
using Tribunal.Azure.Storage;
using Tribunal.Cli.Configuration;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.Suites;
using Tribunal.Formats.TrainingSets;
using Tribunal.MetaReward;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;

namespace Tribunal.Cli.Commands;

/// <summary>Runs a parsed command line and turns what can go wrong with it into one line and an exit code.</summary>
internal static class CommandErrors
{
    private const string OptionsTitle = "Options:";
    private const string MoreFiles = "more files are open than this user may have: a higher `ulimit -n`, or a lower --concurrency, helps";
    private const string TraceVariable = "TRIBUNAL_TRACE";

    /// <summary>ENOSPC and EDQUOT of Linux and macOS, and Windows' ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL.</summary>
    private static readonly int[] Full = [28, 122, 69, unchecked((int)0x80070027), unchecked((int)0x80070070)];

    /// <summary>EEXIST, and Windows' ERROR_ALREADY_EXISTS: a file where a folder should go.</summary>
    private static readonly int[] Taken = [17, unchecked((int)0x800700B7)];

    /// <summary>EROFS, and Windows' ERROR_WRITE_PROTECT.</summary>
    private static readonly int[] Protected = [30, unchecked((int)0x80070013)];

    /// <summary>EMFILE, and Windows' ERROR_TOO_MANY_OPEN_FILES.</summary>
    private static readonly int[] Exhausted = [24, unchecked((int)0x80070004)];

    /// <summary>Parses a command line and runs it.</summary>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(Command command, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        ParseResult parsed;
        try
        {
            CommonOptions.AddTo(command);
            Settings.AddTo(command);
            parsed = command.Parse(arguments);
            if (parsed.Action is not HelpAction && !(arguments is [['[', ..], ..]))
            {
                IReadOnlyList<Setting> settings = Settings.Of(command, parsed);
                if (settings.Count > 0)
                {
                    parsed = command.Parse([.. arguments, .. Settings.Words(settings)]);
                    if (!parsed.GetValue<bool>(Results.QuietOption))
                    {
                        await Console.Error.WriteLineAsync($"options from {TerminalText.Clean(Settings.Say(settings))}");
                    }
                }
            }
        }
        catch (CommandException exception)
        {
            await SayAsync(exception.Message);
            return exception.ExitCode;
        }
        catch (InvalidOperationException exception)
        {
            // A check of several options at once met a value that is none of its option's.
            await SayAsync(Plain(exception.Message));
            return ExitCodes.Usage;
        }

        return await RunAsync(parsed, cancellationToken);
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.Errors.Count > 0 && parsed.Action is ParseErrorAction)
        {
            await SayAsync($"{CloseNames.Say(parsed) ?? string.Join("; ", parsed.Errors.Select(static error => Plain(error.Message)).Distinct(StringComparer.Ordinal))} (see {NameOf(parsed)} --help)");
            return ExitCodes.Usage;
        }

        if (parsed.Action is HelpAction help)
        {
            return Help(parsed, help);
        }

        using IDisposable words = Results.Begin(parsed);
        ToolLog.Begin(parsed.GetValue<string?>(ToolLog.OptionName));
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await SayAsync("interrupted");
            return ExitCodes.Interrupted;
        }
        catch (Exception exception)
        {
            CommandException failure = Of(exception);
            await SayAsync(failure.Message);
            if (ToolLog.Level == Microsoft.Extensions.Logging.LogLevel.Debug || (failure.ExitCode == ExitCodes.Defect && Environment.GetEnvironmentVariable(TraceVariable) is { Length: > 0 }))
            {
                await Console.Error.WriteLineAsync(exception.ToString());
            }

            return failure.ExitCode;
        }
    }

    /// <summary>Prints the help of a command; of its commands' descriptions the first paragraph.</summary>
    public static int Help(ParseResult parsed, HelpAction help)
    {
        foreach (Command command in parsed.CommandResult.Command.Subcommands)
        {
            command.Description = command.Description?.ReplaceLineEndings("\n").Split("\n\n")[0];
        }

        // The library shows what the commands above take as well, as if it stood between their names.
        foreach (Argument argument in parsed.CommandResult.Command.Parents.OfType<Command>().SelectMany(static parent => parent.Arguments))
        {
            argument.Hidden = true;
        }

        Command asked = parsed.CommandResult.Command;
        string text;
        if (OptionGroups.ShortOf(asked) is not { } first)
        {
            text = HelpText(parsed, help, asked, null);
        }
        else if (parsed.Tokens.Any(static token => token.Value == "all"))
        {
            (string Title, IReadOnlyList<Option> Options)[] groups = [.. OptionGroups.Of(asked), ("Of every command", Common(asked))];
            string whole = HelpText(parsed, help, asked, groups[0].Options);
            text = whole[..whole.IndexOf(OptionsTitle, StringComparison.Ordinal)]
                + string.Join("\n", groups.Select(group => $"{group.Title}:\n{LinesOf(HelpText(parsed, help, asked, group.Options))}"));
        }
        else
        {
            text = HelpText(parsed, help, asked, [.. first, .. Common(asked)]).TrimEnd() + $"\n\nThese are the options that matter first; {NameOf(parsed)} --help all shows all {asked.Options.Count}.\n";
        }

        // The library names a tool by its assembly, and ours is not named as it is called.
        Console.Out.Write(text.Replace(RootCommand.ExecutableName, "tribunal", StringComparison.Ordinal));
        return ExitCodes.Ok;
    }

    private static Option[] Common(Command command) => [.. command.Parents.OfType<Command>().SelectMany(static parent => parent.Options).Where(static option => option.Recursive)];

    // Of a help text the options alone, without the one for help, which every command has.
    private static string LinesOf(string text) => string.Concat(text[(text.IndexOf(OptionsTitle, StringComparison.Ordinal) + OptionsTitle.Length)..].Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(static line => line.Trim().Length > 0 && !line.Contains("--help", StringComparison.Ordinal)).Select(static line => line.TrimEnd() + "\n"));

    private static string HelpText(ParseResult parsed, HelpAction help, Command command, IReadOnlyList<Option>? only)
    {
        Option[] left = [.. command.Options.Concat(Common(command)).Where(option => !option.Hidden && only?.Contains(option) == false)];
        Array.ForEach(left, static option => option.Hidden = true);
        using var text = new StringWriter();
        parsed.InvocationConfiguration.Output = text;
        help.Invoke(parsed);
        Array.ForEach(left, static option => option.Hidden = false);
        return text.ToString();
    }

    /// <summary>What each failure means to whoever gave the command: the one table of exit codes and words.</summary>
    internal static CommandException Of(Exception exception) => exception switch
    {
        CommandException known => known,
        AggregateException { InnerExceptions: [var only] } => Of(only),
        JudgeConfigurationException judges => new([.. judges.Problems.Select(static problem => problem with { Message = OptionNames.InWords(problem.Message) })], judges),
        ProblemsException options => new(options.Problems, options),
        MessageRefusedException refused => new(refused.Problems, refused),
        RunMismatchException { AsksForFewer: true } fewer => new(ExitCodes.Usage, fewer.Message, fewer),
        RunMismatchException other => new(ExitCodes.Usage, $"{other.Message}: give the options it was started with to go on, or another folder with -o; `tribunal vote` votes again on what it holds, without asking a judge", other),
        ReportException or RunDamagedException or BatchFormatException or BatchChangedException or LedgerException or BenchmarkDataException or TrainingExportException
            or MetaModelException or StorageConfigurationException or SimulatedRewardsException => new(ExitCodes.Usage, exception.Message, exception),
        JsonException json => new(ExitCodes.Usage, $"a file is not the JSON that was expected: {ContractJson.Words(json)}", json),
        InvalidDataException data => new(ExitCodes.Usage, data.Message, data),
        UnauthorizedAccessException or FileNotFoundException or DirectoryNotFoundException or PathTooLongException => new(ExitCodes.Usage, Words(exception), exception),
        IOException taken when Taken.Contains(taken.HResult) => new(ExitCodes.Usage, $"{taken.Message.TrimEnd('.')} and is no folder: name another place", taken),
        IOException full when Full.Contains(full.HResult) => new(ExitCodes.Unreachable, $"{full.Message}: the disk is full; make room and give the command again", full),
        IOException locked when Protected.Contains(locked.HResult) => new(ExitCodes.Usage, $"{locked.Message}: nothing can be written there; name another place", locked),
        IOException open when Exhausted.Contains(open.HResult) => new(ExitCodes.Unreachable, $"{open.Message}: {MoreFiles}", open),
        IOException io => new(ExitCodes.Unreachable, io.Message, io),
        _ => new(ExitCodes.Defect, $"this is a defect of the tool, not of what it was given; with {TraceVariable}=1 it says where", exception),
    };

    // The library's words, on one line and without the names of types.
    private static string Plain(string message)
    {
        const string Type = "as expected type '";
        string line = string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.');
        int type = line.IndexOf(Type, StringComparison.Ordinal);
        if (line.StartsWith("Cannot parse argument '' for option '", StringComparison.Ordinal))
        {
            return $"{line.Split('\'')[3]} needs a value";
        }

        if (line.StartsWith("Required argument missing for command: ", StringComparison.Ordinal))
        {
            return line.EndsWith("'compare'", StringComparison.Ordinal)
                ? "a comparison is of two runs or more, and is given their folders"
                : "an argument is missing: what it works on comes first, such as a batch or a run's folder";
        }

        return type < 0 ? line : line[..type] + (
            line.Contains("System.Int", StringComparison.Ordinal) ? "as a whole number"
            : line.Contains("System.Double", StringComparison.Ordinal) ? "as a number"
            : "as what it takes");
    }

    /// <summary>A server that can't begin.</summary>
    /// <param name="option">What was given of where it listens.</param>
    /// <param name="exception">Why it can't.</param>
    public static CommandException CantListen(string option, Exception exception) => new(
        ExitCodes.Usage, $"{option}: {(exception.InnerException is AddressInUseException ? "another program listens there" : exception.Message)}; choose another port, or 0 for a free one", exception);

    // Opening a folder as a file is refused with the same words as a file of someone else's.
    private static string Words(Exception exception)
    {
        // A part of the tool that is loaded when it is needed can't be opened either.
        if (exception is FileNotFoundException { FileName: { } part } && part.Contains(", Version=", StringComparison.Ordinal))
        {
            return $"{part.Split(',')[0]}, a part of the tool, can't be loaded: it is not there, or {MoreFiles}";
        }

        string[] parts = exception.Message.Split('\'');
        return exception is UnauthorizedAccessException && parts.Length > 2 && Directory.Exists(parts[1]) ? $"{parts[1]} is a folder, or may not be opened; a file is needed"
            : exception is UnauthorizedAccessException ? $"{exception.Message.TrimEnd('.')}: this user may not read or write there"
            : exception.Message;
    }

    private static string NameOf(ParseResult parsed) =>
        $"{(parsed.RootCommandResult.Command is RootCommand ? "tribunal " : "")}{Settings.PathOf(parsed.CommandResult)}".TrimEnd();

    private static Task SayAsync(string message) => Console.Error.WriteLineAsync($"tribunal: {TerminalText.Clean(message.ReplaceLineEndings(" "))}");
}
