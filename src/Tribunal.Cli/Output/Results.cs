using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Tribunal.Cli.Output;

/// <summary>
/// Where what a command says goes, the same for every command. Its words are on standard output. With <c>--json</c> there is one JSON
/// document and nothing else, and its words are on standard error; so they are where a file is written to standard output
/// (<c>-o -</c>). With <c>--quiet</c> there are no words; errors and warnings stay.
/// </summary>
internal static class Results
{
    public const string JsonOption = "--json";
    public const string QuietOption = "--quiet";
    private static TextWriter _real = Console.Out;

    /// <summary>Whether words are not wanted, nor how a run goes on.</summary>
    public static bool Quiet { get; private set; }

    /// <summary>Whether the result is wanted as JSON.</summary>
    public static bool Json { get; private set; }

    /// <summary>Keeps what is standard output now for results, whatever words are sent to from here on.</summary>
    public static void KeepOutput() => _real = Console.Out;

    /// <summary>Sends words where the command line wants them, until it is disposed.</summary>
    public static IDisposable Begin(ParseResult parsed)
    {
        var before = new Scope(Console.Out, Json, Quiet);
        Json = Given(parsed, JsonOption);
        Quiet |= Given(parsed, QuietOption);
        if (Quiet)
        {
            Send(TextWriter.Null);
        }
        else if (Json || parsed.CommandResult.Command.Options.Any(option => option.Name == OutputFile.OptionName && parsed.GetResult(option) is { Tokens: [{ Value: OutputFile.Standard }] }))
        {
            Send(Console.Error);
        }

        return before;
    }

    /// <summary>Prints the result where <c>--json</c> asks for it.</summary>
    /// <param name="result">The document.</param>
    public static void Print(JsonNode result)
    {
        if (Json)
        {
            Print(result.ToJsonString(Plain));
        }
    }

    /// <summary>Prints a document that is JSON, whoever asked for it.</summary>
    public static void Print(string json)
    {
        _real.WriteLine(json);
        _real.Flush();
    }

    private static readonly System.Text.Json.JsonSerializerOptions Plain = new() { Encoder = Formats.Lines.LedgerEncoding.Encoder, TypeInfoResolver = CliJson.Default };

    // Tables are drawn by a library that keeps the writer it began with.
    private static void Send(TextWriter words)
    {
        int width = AnsiConsole.Profile.Width;
        Console.SetOut(words);
        AnsiConsole.Console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(words) });
        AnsiConsole.Profile.Width = width;
    }

    private static bool Given(ParseResult parsed, string name) =>
        parsed.CommandResult.Command.Options.Concat(parsed.RootCommandResult.Command.Options).FirstOrDefault(option => option.Name == name) is Option<bool> option && parsed.GetValue(option);

    private sealed class Scope(TextWriter words, bool json, bool quiet) : IDisposable
    {
        public void Dispose()
        {
            (Json, Quiet) = (json, quiet);
            if (words != Console.Out)
            {
                Send(words);
            }
        }
    }
}
