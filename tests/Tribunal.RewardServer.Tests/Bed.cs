using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Time.Testing;
using Tribunal.Inference;
using Tribunal.Inference.Endpoints;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.RewardServer.Judging;
using Tribunal.RewardServer.Serving;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage.Local;
using Tribunal.Sampling;
using Tribunal.Simulator.Serving;

namespace Tribunal.RewardServer.Tests;

/// <summary>A reward server and a simulated judge, both over HTTP on loopback.</summary>
internal sealed class Bed : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly bool _ownsFolder;
    private readonly JudgeFactory _factory = new();
    private WebApplication _application = null!;
    private bool _closed;

    private Bed(DirectoryInfo? folder, SimulatorServer judge, FakeTimeProvider judgeClock)
    {
        _ownsFolder = folder is null;
        _folder = folder ?? Directory.CreateTempSubdirectory("tribunal-serve-");
        Judge = judge;
        JudgeClock = judgeClock;
    }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public SimulatorServer Judge { get; }

    /// <summary>The judge's clock: where its answers take time, they come when a test moves it.</summary>
    public FakeTimeProvider JudgeClock { get; }

    public RewardDesk Desk { get; private set; } = null!;

    public HttpClient Client { get; } = new() { Timeout = TimeSpan.FromMinutes(5) };

    public string Folder => _folder.FullName;

    public static async Task<Bed> StartAsync(
        RewardOptions? options = null, string protocol = "grm", SimulatorOptions? judge = null, string? apiKey = null, DirectoryInfo? folder = null,
        int samples = 4, SimulatorServer? server = null, FakeTimeProvider? judgeClock = null, int tries = 12, TimeProvider? time = null, ClientKeys? keys = null, IMetaRewardModel? meta = null, Uri? address = null, string? instance = null)
    {
        judgeClock ??= new FakeTimeProvider();
        var bed = new Bed(folder, server ?? await SimulatorServer.StartAsync(judge ?? new SimulatorOptions(), judgeClock, Cancel), judgeClock);
        IJudge endpoint = bed._factory.Create(new JudgeEndpointOptions
        {
            Name = "judge",
            Endpoint = address ?? bed.Judge.ApiBase,
            Model = "simulated-judge",
            Tries = tries,
            TimeoutSeconds = 300,
        });
        IProtocol known = ProtocolCatalog.Resolve(protocol, "simulated-judge").Protocol;
        var binding = new Judge { Endpoint = endpoint, Model = "simulated-judge", Protocol = known, Sampling = known.Defaults, Concurrency = 64, Meta = meta };
        var request = new EvaluationRequest { Batch = "rollouts.jsonl", Protocol = protocol, Policy = new PolicyOptions { Samples = samples } };
        var routes = new JudgeRoutes(binding, []);
        byte[] manifest = ServeManifest.Of(routes, request, new Dictionary<string, string>());
        RewardLedger ledger = instance is null ? await RewardLedger.OpenAsync(new LocalRunStore(bed.Folder), manifest, Cancel)
            : await RewardLedger.OpenSharedAsync(new LocalRunStore(bed.Folder), new LocalRunStore(Path.Combine(bed.Folder, "answers")), instance, manifest, Cancel);
        options ??= new RewardOptions { Gather = TimeSpan.FromMilliseconds(50) };
        bed.Desk = await RewardDesk.OpenAsync(routes, request, options, ledger, time ?? TimeProvider.System, Cancel);
        bed._application = RewardApplication.Build(bed.Desk, options, "http://127.0.0.1:0", keys ?? new ClientKeys(apiKey), maxBody: 1024 * 1024);
        await bed._application.StartAsync(Cancel);
        bed.Client.BaseAddress = new Uri(bed._application.Urls.First());
        return bed;
    }

    /// <summary>Waits until something is so.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(5, Cancel);
        }
    }

    /// <summary>Moves a clock until something is so.</summary>
    public static Task MoveAsync(FakeTimeProvider clock, Func<bool> condition) => UntilAsync(() =>
    {
        bool met = condition();
        clock.Advance(met ? TimeSpan.Zero : TimeSpan.FromSeconds(1));
        return met;
    });

    /// <summary>Moves a clock until a task is done.</summary>
    public static async Task<T> MoveAsync<T>(FakeTimeProvider clock, Task<T> task)
    {
        await MoveAsync(clock, () => task.IsCompleted);
        return await task;
    }

    public Task<HttpResponseMessage> PostAsync(string path, object body) => PostTextAsync(path, JsonSerializer.Serialize(body));

    public Task<HttpResponseMessage> PostTextAsync(string path, string body) =>
        Client.PostAsync(new Uri(path, UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"), Cancel);

    public async Task<JsonElement> AskAsync(string path, object body)
    {
        using HttpResponseMessage response = await PostAsync(path, body);
        string text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {text}");
        return JsonSerializer.Deserialize<JsonElement>(text);
    }

    /// <summary>Asks for rewards with a key.</summary>
    public async Task AskKeyedAsync(string key, object rollout)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/rewards", UriKind.Relative)) { Content = new StringContent(JsonSerializer.Serialize(rollout), Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Api-Key", key);
        using HttpResponseMessage answer = await Client.SendAsync(request, Cancel);
        answer.EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        await Judge.DisposeAsync();
        if (_ownsFolder)
        {
            _folder.Delete(recursive: true);
        }
    }

    /// <summary>Ends the server and leaves judge and folder.</summary>
    public async Task CloseAsync()
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        Client.Dispose();
        await _application.DisposeAsync();

        // It waits for what is in flight.
        Task closing = Desk.DisposeAsync().AsTask();
        await MoveAsync(JudgeClock, () => closing.IsCompleted);
        await closing;
        _factory.Dispose();
    }
}
