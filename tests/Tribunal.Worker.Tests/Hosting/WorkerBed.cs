using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Tribunal.Azure.Hosting;
using Tribunal.Azure.Names;
using Tribunal.Azure.Queues;
using Tribunal.Azure.Storage;
using Tribunal.Protocols;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Sampling;
using Tribunal.Simulator.Batches;
using Tribunal.Simulator.Judging;
using Tribunal.Testing.Azurite;
using Tribunal.Testing.Runs;
using Tribunal.Worker.Hosting;
using Tribunal.Worker.Queues;

namespace Tribunal.Worker.Tests.Hosting;

/// <summary>An Azurite of its own with a batch in it, and workers in this process whose judges are counted.</summary>
internal sealed class WorkerBed : IAsyncDisposable
{
    private readonly AzuriteServer _azurite = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tribunal-");
    private readonly List<RunWorker> _workers = [];
    private readonly ActivityOptions _sizes;
    private int _asked;

    private WorkerBed(ActivityOptions sizes) => _sizes = sizes;

    public StorageClients Storage { get; private set; } = null!;

    public IRunCatalog Catalog { get; private set; } = null!;

    /// <summary>Questions to the judge, by whatever worker.</summary>
    public int Asked => Volatile.Read(ref _asked);

    public static async Task<WorkerBed> StartAsync(int rollouts, ActivityOptions sizes)
    {
        WorkerBed bed = new(sizes);
        bed.Storage = await bed._azurite.ConnectAsync();
        bed.Catalog = new TableRunCatalog(bed.Storage.Tables);
        using MemoryStream batch = new();
        await BatchGenerator.WriteAsync(batch, new BatchOptions { Rollouts = rollouts });
        await File.WriteAllBytesAsync(bed.Local("batch.jsonl"), batch.ToArray());
        batch.Position = 0;
        await bed.Storage.Rollouts.GetBlobClient("batch.jsonl").UploadAsync(batch);
        return bed;
    }

    public async Task StartWorkerAsync(string name) => _workers.Add(await RunWorker.StartAsync(
        new RunWorkerOptions
        {
            Name = name,
            Join = TimeSpan.FromMilliseconds(200),
            Settings = [new(SettingNames.StorageConnectionString, _azurite.ConnectionString)],
            Queues = new QueueWorkerOptions { ComeBack = TimeSpan.FromSeconds(1), IdlePause = TimeSpan.FromMilliseconds(200), UploadPause = TimeSpan.FromMilliseconds(200) },
        },
        services =>
        {
            services.AddSingleton(_sizes);
            services.AddSingleton(Judges());
        }));

    public static EvaluationRequest Request(string run, int samples) => new()
    {
        Batch = "batch.jsonl", Output = run, Judge = JudgeSettings.SimulatedName, Protocol = "grm", Policy = new PolicyOptions { Samples = samples }, Seed = 7,
    };

    public Task SendAsync(EvaluationRequest request) =>
        Storage.Queues.GetQueueClient(ResourceNames.EvaluationsQueue).SendMessageAsync(EvaluationMessage.Write(request));

    /// <summary>Waits for a run's end; the test's own time limit ends it.</summary>
    public async Task<RunRecord> EndAsync(string run)
    {
        while (true)
        {
            if (await Catalog.GetAsync(run, TestContext.Current.CancellationToken) is { IsOver: true } record)
            {
                return record;
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    public async Task<byte[]?> VerdictsAsync(string run) => await Storage.OpenRun(run).ReadDocumentAsync(RunFiles.Verdicts, TestContext.Current.CancellationToken);

    /// <summary>What the loop makes of the same request.</summary>
    public async Task<byte[]> LoopAsync(EvaluationRequest request)
    {
        RunSteps steps = new(new LocalRunStores(Local("local")), Judges(), new RunMonitors(), _sizes, TimeProvider.System, NullLogger<RunSteps>.Instance);
        await new InProcessHost(steps, TimeProvider.System).RunAsync(
            new BatchRun(request.Output!, request with { Batch = Local("batch.jsonl") }), TestContext.Current.CancellationToken);
        return await File.ReadAllBytesAsync(Local("local", request.Output!, RunFiles.Verdicts), TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_workers.Select(static worker => worker.DisposeAsync().AsTask()));
        await _azurite.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private string Local(params string[] path) => Path.Combine([_folder.FullName, .. path]);

    private JudgeRegistry Judges() =>
        KnownJudges.Of(Judge.Of(new CountedJudge(new SimulatedJudge(new JudgeEngine()), () => Interlocked.Increment(ref _asked)), JudgeSettings.SimulatedName) with { Simulated = true });

    private sealed class CountedJudge(IJudge inner, Action asked) : IJudge
    {
        public string Name => JudgeSettings.SimulatedName;

        public Task<JudgeReply> AskAsync(JudgeQuestion question, CancellationToken cancellationToken)
        {
            asked();
            return inner.AskAsync(question, cancellationToken);
        }

        public Task<JudgeHealth> CheckHealthAsync(CancellationToken cancellationToken) => inner.CheckHealthAsync(cancellationToken);
    }
}
