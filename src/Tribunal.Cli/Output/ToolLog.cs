using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Tribunal.Cli.Output;

/// <summary>What commands log, to standard error; nothing unless <c>--log-level</c> asks for it. Servers log what is worth an operator's eye by themselves.</summary>
internal static class ToolLog
{
    public const string OptionName = "--log-level";
    private static readonly string[] Levels = ["none", "error", "warning", "info", "debug"];

    /// <summary>The option.</summary>
    public static Option<string?> Option()
    {
        Option<string?> option = new(OptionName) { Description = "Log to standard error what is at least so important: none, error, warning, info, debug.", HelpName = "LEVEL", Recursive = true };
        option.AcceptOnlyFromAmong(Levels);
        return option;
    }

    /// <summary>The level that was asked for; null where none was.</summary>
    public static LogLevel? Level { get; private set; }

    /// <summary>What loggers come from.</summary>
    public static ILoggerFactory Factory { get; private set; } = NullLoggerFactory.Instance;

    /// <summary>Logs from here on as a command line asks.</summary>
    public static void Begin(string? level)
    {
        Level = level switch
        {
            null => null,
            "info" => LogLevel.Information,
            _ => Enum.Parse<LogLevel>(level, ignoreCase: true),
        };
        if (Level is not null || Results.Json || Results.Quiet)
        {
            // The hosts of servers read their settings from here; what they log is not in the way of a result.
            Environment.SetEnvironmentVariable("Logging__Console__LogToStandardErrorThreshold", nameof(LogLevel.Trace));
            Environment.SetEnvironmentVariable("Logging__LogLevel__Default", $"{Level ?? (Results.Quiet ? LogLevel.Warning : LogLevel.Information)}");
        }

        Factory = Level is null or LogLevel.None ? NullLoggerFactory.Instance : LoggerFactory.Create(logging =>
        {
            logging.SetMinimumLevel(Level.Value).AddSimpleConsole(static console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss "));
            logging.Services.Configure<ConsoleLoggerOptions>(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        });
    }
}
