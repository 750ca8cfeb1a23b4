using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Azure.Storage.Queues;
using Microsoft.Extensions.Logging.Abstractions;
using Tribunal.Azure.Hosting;
using Tribunal.Azure.Names;
using Tribunal.Azure.Queues;
using Tribunal.Azure.Storage;
using Tribunal.Inference;
using Tribunal.Inference.Endpoints;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Sampling;
using Tribunal.Simulator.Batches;
using Tribunal.Simulator.Judging;
using Tribunal.Simulator.Serving;
using Tribunal.Testing.Azurite;
using Tribunal.Testing.Runs;

namespace Tribunal.Cli.Tests.Azure;

/// <summary>Azurite, a simulated judge behind HTTP that waits where a test wants it to, and as many worker processes as a test starts.</summary>
internal sealed class Bed : IAsyncDisposable
{
    private const int Concurrency = 8;
    private const string JudgeName = "slow";
    private readonly List<Process> _workers = [];
    private readonly StringBuilder _log = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tribunal-bed-");

    private Bed(AzuriteServer azurite, PacedJudge judge, StorageClients clients)
    {
        Azurite = azurite;
        Judge = judge;
        Clients = clients;
        Catalog = new TableRunCatalog(clients.Tables);
    }

    public AzuriteServer Azurite { get; }

    public PacedJudge Judge { get; }

    public StorageClients Clients { get; }

    public IRunCatalog Catalog { get; }

    public string Folder => _folder.FullName;

    /// <summary>Further variables of the tool's environment.</summary>
    public Dictionary<string, string?> Variables { get; init; } = [];

    public QueueClient Evaluations => Clients.Queues.GetQueueClient(ResourceNames.EvaluationsQueue);

    public QueueClient Poison => Clients.Queues.GetQueueClient(ResourceNames.EvaluationsQueue + ResourceNames.PoisonSuffix);

    /// <summary>Requests that one worker may have had in flight when it was killed.</summary>
    public int InFlight => Concurrency;

    public static async Task<Bed> StartAsync(bool onDisk = false, Dictionary<string, string?>? variables = null)
    {
        AzuriteServer azurite = new() { Folder = onDisk ? Directory.CreateTempSubdirectory("azurite-").FullName : null };
        Task<StorageClients> clients = azurite.ConnectAsync();
        return new Bed(azurite, await PacedJudge.StartAsync(), await clients) { Variables = variables ?? [] };
    }

    public async Task<string> UploadAsync(string name, int rollouts)
    {
        using MemoryStream batch = new();
        await BatchGenerator.WriteAsync(batch, new BatchOptions { Rollouts = rollouts });
        batch.Position = 0;
        await File.WriteAllBytesAsync(Path.Combine(Folder, name), batch.ToArray());
        await Clients.Rollouts.GetBlobClient(name).UploadAsync(batch, overwrite: true);
        return name;
    }

    public EvaluationRequest Request(string batch, string run, int samples) => new()
    {
        Batch = batch,
        Output = run,
        Judge = JudgeName,
        Protocol = "grm",
        Policy = new PolicyOptions { Samples = samples },
        Seed = 7,
    };

    public Task SendAsync(EvaluationRequest request) => Evaluations.SendMessageAsync(EvaluationMessage.Write(request));

    /// <summary>A worker that keeps its run and messages for as long as it may, so that on a busy machine nobody takes them from it.</summary>
    public Process StartWorker(params string[] more) => Start(ToolProcess.Managed, [
        "worker", "--lease", "60", "--visibility", "120", "--come-back", "1", "--drain", "300", .. more]);

    /// <summary>A worker whose run and messages are free soon after its end.</summary>
    public Process StartMortalWorker() => Start(ToolProcess.Managed, ["worker", "--lease", "15", "--visibility", "4", "--come-back", "1"]);

    public Process StartTool(params string[] arguments) => Start(ToolProcess.Command, arguments);

    private Process Start(IReadOnlyList<string> tool, IReadOnlyList<string> arguments)
    {
        ProcessStartInfo start = ToolProcess.Describe(Folder, [.. tool, .. arguments]);
        Dictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            [SettingNames.StorageConnectionString] = Azurite.ConnectionString,
            [SettingNames.Judge(JudgeName, SettingNames.JudgeEndpoint)] = Judge.Server.ApiBase.ToString(),
            [SettingNames.Judge(JudgeName, SettingNames.JudgeModel)] = SimulatedJudgeOptions.DefaultModel,
            [SettingNames.Judge(JudgeName, SettingNames.JudgeConcurrency)] = $"{Concurrency}",
            [SettingNames.ShardWindow] = "1",

            // Enough steps that every worker has some, whichever looks first.
            [SettingNames.ChunkJudgements] = "32",
            [SettingNames.DefaultJudge] = JudgeName,
        };
        foreach ((string key, string value) in settings)
        {
            start.Environment[SettingNames.ToAppSetting(key)] = value;
        }

        foreach ((string name, string? value) in Variables)
        {
            start.Environment[name] = value;
        }

        Process process = Process.Start(start)!;
        process.OutputDataReceived += Note;
        process.ErrorDataReceived += Note;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _workers.Add(process);
        return process;

        void Note(object sender, DataReceivedEventArgs line)
        {
            lock (_log)
            {
                _log.Append(process.Id).Append(": ").AppendLine(line.Data);
            }
        }
    }

    /// <summary>Waits until a run's record is as wanted; the test's own time limit ends it.</summary>
    public async Task<RunRecord> UntilAsync(string run, Func<RunRecord, bool> wanted)
    {
        while (true)
        {
            RunRecord? record = await Catalog.GetAsync(run, TestContext.Current.CancellationToken);
            if (record is not null && wanted(record))
            {
                return record;
            }

            if (record is { IsOver: true })
            {
                Assert.Fail($"the run ended as {record.State}: {record.Reason}\n{_log}");
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits until the judge was asked so often.</summary>
    public async Task UntilAskedAsync(int requests, CancellationToken cancellationToken)
    {
        while (Judge.Stats.Requests < requests)
        {
            await Task.Delay(50, cancellationToken);
        }
    }

    /// <summary>Waits until a process has said something of this form.</summary>
    public async Task<Match> UntilSaidAsync(Regex form)
    {
        while (true)
        {
            lock (_log)
            {
                if (form.Match(_log.ToString()) is { Success: true } said)
                {
                    return said;
                }
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits until a queue holds so many messages, hidden ones too.</summary>
    public static async Task UntilHoldsAsync(QueueClient queue, int messages)
    {
        while ((await queue.GetPropertiesAsync(TestContext.Current.CancellationToken)).Value.ApproximateMessagesCount != messages)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    public async Task<string[]> LinesAsync(string run, string name)
    {
        await using Stream? stream = await Clients.OpenRun(run).OpenReadAsync(name, 0, TestContext.Current.CancellationToken);
        Assert.NotNull(stream);
        using StreamReader reader = new(stream);
        return (await reader.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>What the same request gives in a local folder, uninterrupted.</summary>
    public async Task<string[]> LocalVerdictsAsync(EvaluationRequest request)
    {
        await using SimulatorServer fast = await SimulatorServer.StartAsync(new SimulatorOptions());
        using JudgeFactory factory = new();
        Judge judge = JudgeSettings.Open(factory, new JudgeEndpointOptions { Name = JudgeName, Endpoint = fast.ApiBase, Model = SimulatedJudgeOptions.DefaultModel, Concurrency = Concurrency });
        string root = Path.Combine(Folder, "local");
        RunSteps steps = new(
            new LocalRunStores(root), KnownJudges.Of(judge), new RunMonitors(), new ActivityOptions(), TimeProvider.System, NullLogger<RunSteps>.Instance);
        EvaluationRequest local = request with { Batch = Path.Combine(Folder, request.Batch) };
        await new InProcessHost(steps, TimeProvider.System).RunAsync(new BatchRun(request.Output!, local), TestContext.Current.CancellationToken);
        return await File.ReadAllLinesAsync(Path.Combine(root, request.Output!, RunFiles.Verdicts), TestContext.Current.CancellationToken);
    }

    /// <summary>Nothing lost, nothing twice: each sample of each rollout once, and the verdicts of an uninterrupted local run.</summary>
    public async Task AssertWholeAsync(EvaluationRequest request, int rollouts)
    {
        string[] judgements = await LinesAsync(request.Output!, RunFiles.Judgements);
        Assert.Equal(rollouts * request.Policy.Samples, judgements.Length);
        Assert.Equal(judgements.Length, judgements.Select(static line => line[..line.IndexOf("\"protocol\"", StringComparison.Ordinal)]).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(await LocalVerdictsAsync(request), await LinesAsync(request.Output!, RunFiles.Verdicts));
    }

    public async ValueTask DisposeAsync()
    {
        if (TestContext.Current.TestState is { Result: TestResult.Failed } || TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(_log.ToString());
        }

        foreach (Process worker in _workers)
        {
            if (!worker.HasExited)
            {
                worker.Kill(entireProcessTree: true);
            }

            await worker.WaitForExitAsync();
            worker.Dispose();
        }

        await Judge.DisposeAsync();
        await Azurite.DisposeAsync();
        _folder.Delete(recursive: true);
        if (Azurite.Folder is { } data)
        {
            Directory.Delete(data, recursive: true);
        }
    }
}
