using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Tribunal.Inference;
using Tribunal.Inference.Endpoints;
using Tribunal.Judgements;
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

    private Bed(DirectoryInfo? folder, SimulatorServer judge)
    {
        _ownsFolder = folder is null;
        _folder = folder ?? Directory.CreateTempSubdirectory("tribunal-serve-");
        Judge = judge;
    }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public SimulatorServer Judge { get; }

    public RewardDesk Desk { get; private set; } = null!;

    public HttpClient Client { get; } = new() { Timeout = TimeSpan.FromMinutes(2) };

    public string Folder => _folder.FullName;

    public static async Task<Bed> StartAsync(
        RewardOptions? options = null, string protocol = "grm", SimulatorOptions? judge = null, string? apiKey = null, DirectoryInfo? folder = null,
        int samples = 4, SimulatorServer? server = null, int tries = 12)
    {
        var bed = new Bed(folder, server ?? await SimulatorServer.StartAsync(judge ?? new SimulatorOptions(), cancellationToken: Cancel));
        IJudge endpoint = bed._factory.Create(new JudgeEndpointOptions
        {
            Name = "judge",
            Endpoint = bed.Judge.ApiBase,
            Model = "simulated-judge",
            Tries = tries,
            TimeoutSeconds = 20,
        });
        IProtocol known = ProtocolCatalog.Resolve(protocol, "simulated-judge").Protocol;
        var binding = new JudgeBinding { Judge = endpoint, Model = "simulated-judge", Protocol = known, Sampling = known.Defaults, Concurrency = 64 };
        var request = new EvaluationRequest { Batch = "rollouts.jsonl", Protocol = protocol, Policy = new PolicyOptions { Samples = samples } };
        RewardLedger ledger = await RewardLedger.OpenAsync(new LocalRunStore(bed.Folder), null, ServeManifest.Of(binding, request), Cancel);
        options ??= new RewardOptions { Gather = TimeSpan.FromMilliseconds(50) };
        bed.Desk = await RewardDesk.OpenAsync(binding, request, options, ledger, TimeProvider.System, Cancel);
        bed._application = RewardApplication.Build(bed.Desk, options, "http://127.0.0.1:0", apiKey, maxBody: 1024 * 1024);
        await bed._application.StartAsync(Cancel);
        bed.Client.BaseAddress = new Uri(bed._application.Urls.First());
        return bed;
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
        await Desk.DisposeAsync();
        _factory.Dispose();
    }
}
