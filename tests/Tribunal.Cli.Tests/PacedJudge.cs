using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using Tribunal.Simulator.Serving;

namespace Tribunal.Cli.Tests;

/// <summary>
/// A simulated judge with a clock of its own, which stands still once enough is answered: what a test does in the middle of a run meets it
/// in its middle, however busy the machine is.
/// </summary>
internal sealed class PacedJudge : IAsyncDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);
    private readonly FakeTimeProvider _time;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _pace;
    private long _most = long.MaxValue;

    private PacedJudge(SimulatorServer server, FakeTimeProvider time)
    {
        Server = server;
        _time = time;
        _pace = PaceAsync();
    }

    public SimulatorServer Server { get; }

    public EndpointStats Stats => Server.Stats.Judge;

    public static async Task<PacedJudge> StartAsync()
    {
        // Spread over several steps, so that answers come a few at a time.
        var time = new FakeTimeProvider();
        return new PacedJudge(await SimulatorServer.StartAsync(new SimulatorOptions { Latency = 2 * Step, Jitter = 4 * Step }, time), time);
    }

    /// <summary>Answers until so many are answered in all, and holds back the rest and what is asked later.</summary>
    /// <param name="answers">How many.</param>
    /// <param name="asking">The process that asks, where it must not end before.</param>
    public async Task AnswerAsync(long answers, Process? asking = null)
    {
        Volatile.Write(ref _most, answers);
        while (Stats.Answered < answers)
        {
            Assert.False(asking is { HasExited: true }, "the run ended before it could be stopped");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Answers everything from here on.</summary>
    public void LetGo() => Volatile.Write(ref _most, long.MaxValue);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _pace;
        _ending.Dispose();
        await Server.DisposeAsync();
    }

    private async Task PaceAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            if (Stats.Answered < Volatile.Read(ref _most))
            {
                _time.Advance(Step);
            }

            await Task.Delay(5);
        }
    }
}
