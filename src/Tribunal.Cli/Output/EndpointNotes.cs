using Microsoft.Extensions.Logging;
using Tribunal.Inference;

namespace Tribunal.Cli.Output;

/// <summary>Says on standard error what an endpoint does otherwise than asked, and the command goes on with. All else of the log is in the command's own words already.</summary>
internal sealed class EndpointNotes : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Warning;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id is JudgeFactory.NoStructuredOutput or JudgeFactory.AnotherModel or JudgeFactory.NoMetaForm)
        {
            Console.Error.WriteLine(TerminalText.Clean(formatter(state, exception)));
        }
    }

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }
}
