using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Tribunal.Formats.Ledger;
using Tribunal.Inference;
using Tribunal.Inference.Endpoints;
using Tribunal.Judgements;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Simulator.Batches;
using Tribunal.Simulator.Judging;
using Tribunal.Tournaments;

namespace Tribunal.Benchmarks;

/// <summary>
/// A knockout over HTTP, its CPU time by what it goes to. The judge is a process of its own; shards go one after the other, so that
/// planning and voting never overlap with requests and the process's CPU clock tells them apart.
/// </summary>
internal sealed class TournamentBenchmark(string tool, int rollouts, int responses, int votes, int concurrency)
{
    private const int WarmUp = 50;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("tribunal-bench-");
        (string program, string[] first) = tool.EndsWith(".dll", StringComparison.Ordinal) ? ("dotnet", new[] { tool }) : (tool, []);
        using Process judge = Measured.Start(program, [.. first, "simulate", "--port", "0"]);
        try
        {
            string line = (await judge.StandardOutput.ReadLineAsync(cancellationToken))!;
            var address = new Uri(line.Split(' ').First(static word => word.StartsWith("http", StringComparison.Ordinal)));
            await MeasureAsync(folder.FullName, address, Math.Min(WarmUp, rollouts), "warm", cancellationToken);
            Account account = await MeasureAsync(folder.FullName, address, rollouts, "run", cancellationToken);
            (long judgements, long matches, long repeated) = await CountAsync(Path.Combine(folder.FullName, "run", RunFiles.Judgements), cancellationToken);
            double draws = account.Draws.TotalSeconds;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rollouts} rollouts x {responses} responses, knockout, {votes} votes, {concurrency} at a time, {Environment.ProcessorCount} cores"));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{judgements} judgements in {matches} matches ({rollouts} x {responses - 1} = {(long)rollouts * (responses - 1)}), {repeated} repeated, {account.Wall.TotalSeconds:0.0} s"));
            Console.WriteLine("| CPU time | s | of the HTTP side |");
            Console.WriteLine("|---|---|---|");
            Print("HTTP side: prompts, requests, answers, ledger", account.Draws);
            Print("planning the batch", account.Of(Names.PlanBatch.Name));
            Print("planning rounds", account.Of(Names.PlanRound.Name));
            Print("voting", account.Of(Names.CastShard.Name));
            Print("**planning and voting**", account.Of(Names.PlanBatch.Name) + account.Of(Names.PlanRound.Name) + account.Of(Names.CastShard.Name));
            Print("publishing", account.Of(Names.Publish.Name));

            void Print(string what, TimeSpan time) =>
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {time.TotalSeconds:0.000} | {time.TotalSeconds / draws:P2} |"));
        }
        finally
        {
            judge.Kill();
            await judge.WaitForExitAsync(CancellationToken.None);
            folder.Delete(recursive: true);
        }
    }

    private async Task<Account> MeasureAsync(string folder, Uri judge, int size, string run, CancellationToken cancellationToken)
    {
        string batch = Path.Combine(folder, $"{run}.jsonl");
        await using (FileStream file = File.Create(batch))
        {
            await BatchGenerator.WriteAsync(file, new BatchOptions { Rollouts = size, MinResponses = responses, MaxResponses = responses }, cancellationToken);
        }

        using var factory = new JudgeFactory();
        var endpoint = new JudgeEndpointOptions { Name = "judge", Endpoint = judge, Model = SimulatedJudgeOptions.DefaultModel, Concurrency = concurrency };
        Judge asked = Judge.Of(factory.Create(endpoint), endpoint.Model, overrides: endpoint.Sampling) with { Concurrency = concurrency };
        var judges = new JudgeRegistry(_ => asked, static (_, _) => throw new NotSupportedException());
        var options = new ActivityOptions { DrawsPerChunk = Math.Max(64, concurrency * 4), DrawsPerShard = Math.Max(512, concurrency * 8) };
        var steps = new RunSteps(new LocalRunStores(folder), judges, new RunMonitors(), options, TimeProvider.System, NullLogger<RunSteps>.Instance);
        var request = new EvaluationRequest { Batch = batch, Protocol = "rrm", Tournament = new TournamentOptions { Kind = TournamentKind.Knockout, Votes = votes } };
        var account = new Account();
        TimeSpan before = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        RunOutcome outcome = await EvaluateBatch.RunAsync(new Accounting(steps, account, cancellationToken), new BatchRun(run, request, Window: 1));
        account.Wall = Stopwatch.GetElapsedTime(start);
        account.Draws = Environment.CpuUsage.TotalTime - before - account.Rest;
        return outcome.Status == RunStatus.Complete ? account : throw new InvalidOperationException($"the run stopped: {outcome.Halt?.Detail}");
    }

    private static async Task<(long Judgements, long Matches, long Repeated)> CountAsync(string ledger, CancellationToken cancellationToken)
    {
        var samples = new HashSet<(string, int)>();
        var matches = new HashSet<(string, int, int)>();
        long judgements = 0;
        await using FileStream stream = File.OpenRead(ledger);
        await foreach (Judgement judgement in LedgerReader.ReadAsync(stream, JudgementLine.Read, cancellationToken: cancellationToken))
        {
            judgements++;
            samples.Add((judgement.RolloutId, judgement.Sample));
            matches.Add((judgement.RolloutId, judgement.Pair![0], judgement.Pair[1]));
        }

        return (judgements, matches.Count, judgements - samples.Count);
    }

    /// <summary>CPU time of this process by activity.</summary>
    private sealed class Account
    {
        private readonly Dictionary<string, TimeSpan> _spent = new(StringComparer.Ordinal);

        public TimeSpan Wall { get; set; }

        public TimeSpan Draws { get; set; }

        public TimeSpan Rest => _spent.Values.Aggregate(TimeSpan.Zero, static (sum, time) => sum + time);

        public TimeSpan Of(string activity) => _spent.GetValueOrDefault(activity);

        public void Add(string activity, TimeSpan time) => _spent[activity] = Of(activity) + time;
    }

    /// <summary>The in-process loop with a clock around everything but the draws.</summary>
    private sealed class Accounting(RunSteps steps, Account account, CancellationToken cancellationToken) : IOrchestrationContext
    {
        public DateTimeOffset CurrentUtc => TimeProvider.System.GetUtcNow();

        public bool KeepsHistory => false;

        public async Task<TOutput> CallActivityAsync<TInput, TOutput>(ActivityName<TInput, TOutput> activity, TInput input)
        {
            if (input is ChunkReference)
            {
                return await Task.Run(() => steps.CallAsync(activity, input, cancellationToken), cancellationToken);
            }

            TimeSpan before = Environment.CpuUsage.TotalTime;
            TOutput result = await steps.CallAsync(activity, input, cancellationToken);
            account.Add(activity.Name, Environment.CpuUsage.TotalTime - before);
            return result;
        }

        public async Task<TOutput> CallSubOrchestratorAsync<TInput, TOutput>(OrchestratorName<TInput, TOutput> orchestrator, string instance, TInput input) =>
            (TOutput)(object)await ScoreShard.RunAsync(new Accounting(steps, account, cancellationToken), (ShardRun)(object)input!);

        public Task CreateTimerAsync(TimeSpan delay) => Task.Delay(delay, cancellationToken);

        public void SetCustomStatus(RunProgress status)
        {
        }
    }
}
