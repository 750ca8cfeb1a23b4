using System.Diagnostics;
using Azure.Storage.Blobs.Models;
using Tribunal.Azure.Names;
using Tribunal.Azure.Queues;
using Tribunal.Azure.Storage;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Simulator.Batches;
using Tribunal.Simulator.Judging;
using Tribunal.Simulator.Serving;
using Tribunal.Testing.Azurite;

namespace Tribunal.Benchmarks.Azure;

/// <summary>Azurite that counts its requests, a simulated judge behind HTTP, and workers as processes of a tool.</summary>
internal sealed class WorkerBed : IAsyncDisposable
{
    private const string JudgeName = "bench";
    private const int BlockBytes = 8 * 1024 * 1024;
    private readonly List<Process> _workers = [];
    private readonly AzuriteServer _azurite;
    private readonly SimulatorServer _judge;
    private readonly StorageClients _clients;
    private readonly string _tool;
    private readonly int _concurrency;
    private long _looks;

    private WorkerBed(AzuriteServer azurite, SimulatorServer judge, StorageClients clients, string tool, int concurrency)
    {
        (_azurite, _judge, _clients, _tool, _concurrency) = (azurite, judge, clients, tool, concurrency);
        Catalog = new TableRunCatalog(clients.Tables);
    }

    public IRunCatalog Catalog { get; }

    public StorageClients Clients => _clients;

    /// <summary>Requests that the storage account has answered until now, by kind, without this process's own looks at records.</summary>
    public Transactions Transactions => new(_azurite.Requests.ToDictionary(
        static kind => kind.Key, kind => kind.Value - (kind.Key == $"GET {ResourceNames.RunsTable}" ? _looks : 0), StringComparer.Ordinal));

    /// <summary>Judgements that the judge answered.</summary>
    public long Answered => _judge.Stats.Judge.Answered;

    /// <param name="tool">The assembly of the tool.</param>
    /// <param name="latency">What an answer of the judge takes.</param>
    /// <param name="concurrency">Requests of one worker at the judge.</param>
    public static async Task<WorkerBed> StartAsync(string tool, TimeSpan latency, int concurrency)
    {
        AzuriteServer azurite = new() { CountsRequests = true };
        StorageClients clients = await azurite.ConnectAsync();
        return new WorkerBed(azurite, await SimulatorServer.StartAsync(new SimulatorOptions { Latency = latency }), clients, tool, concurrency);
    }

    public Process StartWorker()
    {
        ProcessStartInfo start = new("dotnet", [_tool, "worker"]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach ((string key, string value) in (IEnumerable<(string, string)>)
        [
            (SettingNames.StorageConnectionString, _azurite.ConnectionString),
            (SettingNames.Judge(JudgeName, SettingNames.JudgeEndpoint), _judge.ApiBase.ToString()),
            (SettingNames.Judge(JudgeName, SettingNames.JudgeModel), SimulatedJudgeOptions.DefaultModel),
            (SettingNames.Judge(JudgeName, SettingNames.JudgeConcurrency), $"{_concurrency}"),
        ])
        {
            start.Environment[SettingNames.ToAppSetting(key)] = value;
        }

        Process process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _workers.Add(process);
        return process;
    }

    /// <summary>Uploads a batch of its own and asks for its run.</summary>
    /// <param name="judge">The judge; null takes the one behind HTTP.</param>
    public async Task AskAsync(string run, int rollouts, int samples, string? judge = null)
    {
        using MemoryStream batch = new();
        await BatchGenerator.WriteAsync(batch, new BatchOptions { Rollouts = rollouts });
        batch.Position = 0;
        await _clients.Rollouts.GetBlobClient($"{run}.jsonl").UploadAsync(batch, new BlobUploadOptions { TransferOptions = new() { InitialTransferSize = BlockBytes, MaximumTransferSize = BlockBytes } });
        await _clients.Queues.GetQueueClient(ResourceNames.EvaluationsQueue).SendMessageAsync(EvaluationMessage.Write(new EvaluationRequest
        {
            Batch = $"{run}.jsonl", Output = run, Judge = judge ?? JudgeName, Protocol = "grm", Policy = new PolicyOptions { Samples = samples }, Seed = 7,
        }));
    }

    public async Task<RunRecord> EndAsync(string run)
    {
        while (true)
        {
            _looks++;
            if (await Catalog.GetAsync(run, CancellationToken.None) is { IsOver: true } record)
            {
                return record.State == RunState.Done ? record : throw new InvalidOperationException($"{run} ended as {record.State}: {record.Reason}");
            }

            await Task.Delay(100);
        }
    }

    public async Task KillAsync(Process worker)
    {
        worker.Kill();
        await worker.WaitForExitAsync();
        _workers.Remove(worker);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Process worker in _workers.ToArray())
        {
            await KillAsync(worker);
        }

        await _judge.DisposeAsync();
        await _azurite.DisposeAsync();
    }
}

/// <summary>Requests that a storage account answered, by kind.</summary>
internal sealed record Transactions(IReadOnlyDictionary<string, long> Kinds)
{
    public long Count => Kinds.Values.Sum();

    public static Transactions operator -(Transactions after, Transactions before) =>
        new(after.Kinds.ToDictionary(static kind => kind.Key, kind => kind.Value - before.Kinds.GetValueOrDefault(kind.Key), StringComparer.Ordinal));

    /// <summary>Those of each kind for each <paramref name="unit"/>, the commonest first.</summary>
    public string Per(double unit) => string.Concat(
        Kinds.Where(static kind => kind.Value > 0).OrderByDescending(static kind => kind.Value).Select(kind => $"{Environment.NewLine}  {kind.Value / unit,8:F1}  {kind.Key}"));
}
