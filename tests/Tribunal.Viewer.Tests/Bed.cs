using System.Net.Http.Json;
using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Runs.Orchestration;
using Tribunal.Testing.Runs;
using Tribunal.Viewer.Live;
using Tribunal.Viewer.Pages;
using Tribunal.Viewer.Serving;

namespace Tribunal.Viewer.Tests;

/// <summary>A viewer over the runs of a folder.</summary>
public sealed class Bed : IAsyncDisposable
{
    private readonly string _folder;

    private Bed(string folder, ViewerApplication viewer) => (_folder, Viewer) = (folder, viewer);

    public ViewerApplication Viewer { get; private set; }

    public static ToolPath Tool { get; } = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "Tribunal.Cli.dll")]);

    public static async Task<Bed> OpenAsync(string folder) => new(folder, await StartAsync(folder));

    /// <summary>Another viewer in place of this one, which ends as a killed one does: nothing is told to anybody.</summary>
    public async Task RestartAsync()
    {
        await Viewer.DisposeAsync();
        Viewer = await StartAsync(_folder);
    }

    public HttpClient Client()
    {
        var client = new HttpClient { BaseAddress = new Uri(Viewer.Root) };
        client.DefaultRequestHeaders.Add("X-Tribunal-Token", Viewer.Token);
        return client;
    }

    public async Task<JsonElement> GetAsync(string path)
    {
        using HttpClient client = Client();
        return await client.GetFromJsonAsync<JsonElement>(path);
    }

    /// <summary>The key of a run by its name.</summary>
    public async Task<string> KeyAsync(string run) =>
        (await GetAsync("api/runs")).GetProperty("runs").EnumerateArray().Single(one => one.GetProperty("name").GetString() == run).GetProperty("key").GetString()!;

    /// <summary>Asks until the index is whole.</summary>
    public async Task<JsonElement> WholeAsync(string path)
    {
        while (true)
        {
            JsonElement answer = await GetAsync(path);
            bool searched = !answer.TryGetProperty("search", out JsonElement search) || search.GetProperty("done").GetBoolean();
            if (answer.GetProperty("index").GetProperty("stage").GetString() == "" && searched)
            {
                return answer;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    public async ValueTask DisposeAsync() => await Viewer.DisposeAsync();

    private static Task<ViewerApplication> StartAsync(string folder) =>
        ViewerApplication.StartAsync(new ViewerOptions { Shelf = new ShelfOptions([folder]), Tool = Tool }, CancellationToken.None);
}

/// <summary>A run of 100,000 rollouts and another over the same, made once.</summary>
public sealed class BigRuns : IAsyncLifetime
{
    public const int Rollouts = 100_000;
    // By the question, so that it is the same ones in every run.
    private const int FaultEvery = 211;

    internal RunBed Runs { get; } = new(Rollouts);

    public Bed Bed { get; private set; } = null!;

    public string Key { get; private set; } = "";

    public string Other { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        Runs.Options = new() { DrawsPerChunk = 2048, DrawsPerShard = 8192 };
        Runs.Judge.On = (_, question) =>
        {
            // The questions are as large as the batch: none is kept.
            Runs.Judge.Asked.TryDequeue(out JudgeQuestion? _);
            JudgeReply reply = ScriptedJudge.Answer(question);
            return question.Seed % FaultEvery == 0 ? reply with { Text = "I see no better one.", Finish = "stop" } : reply with { Reasoning = $"Thinking of {question.Seed} at length." };
        };
        await Runs.RunAsync("run", new EvaluationRequest { Batch = Runs.Batch, Policy = new() { Samples = 2 } });
        await Runs.RunAsync("other", new EvaluationRequest { Batch = Runs.Batch, Policy = new() { Samples = 1 }, Seed = 9 });
        Bed = await Bed.OpenAsync(Runs.Folder);
        (Key, Other) = (await Bed.KeyAsync("run"), await Bed.KeyAsync("other"));
        await Bed.WholeAsync($"api/runs/{Key}");
        await Bed.WholeAsync($"api/runs/{Other}");
    }

    public async ValueTask DisposeAsync()
    {
        await Bed.DisposeAsync();
        Runs.Dispose();
    }
}
