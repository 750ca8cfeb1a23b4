using System.Runtime.InteropServices;
using Tribunal.Runs.Resuming;

namespace Tribunal.Cli.Output;

/// <summary>
/// What SIGINT, SIGTERM and SIGHUP, of a terminal that is closed, do. The first ends a command by its cancellation token, or, where it drains, asks it to stop;
/// one more ends what drains; the one after that ends the process as it is.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private static Interrupts? _current;
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private Action? _drain;
    private Action? _abort;
    private TimeSpan? _within;
    private int _times;

    public Interrupts()
    {
        _current = this;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),

            // Under nohup it stays ignored: what a process was started to ignore, the runtime leaves alone.
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal),
        ];
    }

    /// <summary>Cancelled when the command has to end.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>From here on the first signal asks the work to stop, and a second one ends it.</summary>
    /// <param name="stop">Asks it to stop.</param>
    /// <param name="abort">Ends it; by default the command's token is cancelled.</param>
    /// <param name="within">How long after SIGTERM or SIGHUP it is ended where it has not stopped: whoever sends that kills soon. Null waits.</param>
    public static void Drain(Action stop, Action? abort = null, TimeSpan? within = null)
    {
        if (_current is { } current)
        {
            (current._drain, current._abort, current._within) = (stop, abort, within);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _current = null;
        _source.Dispose();
    }

    private async Task AbortAsync(TimeSpan within)
    {
        await Task.Delay(within, TimeProvider.System);
        if (_current == this && Volatile.Read(ref _times) == 1)
        {
            (_abort ?? _source.Cancel)();
        }
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        int before = Interlocked.Increment(ref _times) - 1 + (_drain is null ? 1 : 0);
        switch (before)
        {
            case 0:
                _drain!();
                if (context.Signal != PosixSignal.SIGINT && _within is { } within)
                {
                    _ = AbortAsync(within);
                }

                break;
            case 1:
                (_abort ?? _source.Cancel)();
                break;
            default:
                Environment.Exit(ExitCodes.Interrupted);
                break;
        }
    }
}
