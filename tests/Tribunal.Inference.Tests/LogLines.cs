using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Tribunal.Inference.Tests;

/// <summary>Keeps what is logged.</summary>
internal sealed class LogLines : ILoggerFactory, ILogger
{
    public ConcurrentQueue<(int Event, string Text, IReadOnlyDictionary<string, object?> Values)> Lines { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue((eventId.Id, formatter(state, exception), state is IEnumerable<KeyValuePair<string, object?>> values
            ? values.ToDictionary(static v => v.Key, static v => v.Value, StringComparer.Ordinal)
            : new Dictionary<string, object?>(StringComparer.Ordinal)));

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }
}
