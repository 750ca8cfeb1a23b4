using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tribunal.Cli.Tests.Azure;

/// <summary>Two servers of one storage, behind a balancer that gives each its turn: the clients can't tell them from one.</summary>
public sealed class ServersTests
{
    private const int Groups = 6;
    private const int Size = 4;
    private const int Samples = 3;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Groups_over_two_servers_get_the_rewards_of_the_whole_and_the_death_of_one_loses_nothing()
    {
        await using Bed bed = await Bed.StartAsync();
        using Balancer alone = new(await StartAsync(bed, "-o", "alone"));
        var expected = new double[Groups][];
        for (int group = 0; group < Groups; group++)
        {
            expected[group] = await alone.AskAsync(new { prompt = $"Question {group}", responses = Texts(group) });
        }

        long before = bed.Judge.Stats.Answered;
        Process first = await StartProcessAsync(bed, "--storage", bed.Azurite.ConnectionString);
        Process second = await StartProcessAsync(bed, "--storage", bed.Azurite.ConnectionString);
        using Balancer balancer = new(await AddressAsync(bed, first), await AddressAsync(bed, second));

        // The judge holds its answers back in the middle; both servers have some of them by then.
        Task<double[]>[] asked = [.. Enumerable.Range(0, Groups).SelectMany(group => Texts(group).Select(text =>
            balancer.AskAsync(new { prompt = $"Question {group}", responses = new[] { text }, group = new { id = $"step 1, {group}", size = Size } })))];
        await bed.Judge.AnswerAsync(before + (Groups * Samples / 2));
        first.Kill();
        bed.Judge.LetGo();
        double[][] rewards = await Task.WhenAll(asked);
        Assert.Equal(expected.SelectMany(static group => group), rewards.Select(static one => Assert.Single(one)));
        Assert.Equal(Groups * Samples, (await NamesAsync(bed)).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(Groups * Samples, (await NamesAsync(bed)).Length);

        // One that joins knows all of it; and it costs nothing.
        long drawn = bed.Judge.Stats.Requests;
        using Balancer third = new(await StartAsync(bed, "--storage", bed.Azurite.ConnectionString));
        Assert.Equal(expected[0], await third.AskAsync(new { prompt = "Question 0", responses = Texts(0) }));
        Assert.Equal(drawn, bed.Judge.Stats.Requests);
    }

    [Fact]
    public async Task A_clients_budget_holds_over_servers_and_their_restarts()
    {
        await using Bed bed = await Bed.StartAsync(variables: new Dictionary<string, string?>(StringComparer.Ordinal) { ["ALICE"] = "alice-key" });
        await File.WriteAllTextAsync(Path.Combine(bed.Folder, "clients.json"), """{"alice":{"keyEnv":"ALICE","requests":5}}""", Cancel);
        string[] options = ["--storage", bed.Azurite.ConnectionString, "--clients", "clients.json"];
        Process first = await StartProcessAsync(bed, options);
        using Balancer balancer = new(await AddressAsync(bed, first), await StartAsync(bed, options));
        HttpStatusCode[] answers = new HttpStatusCode[8];
        for (int i = 0; i < answers.Length; i++)
        {
            answers[i] = await balancer.StatusAsync("alice-key", new { prompt = $"P{i}", responses = new[] { "a", "b" } });
        }

        Assert.Equal([.. Enumerable.Repeat(HttpStatusCode.OK, 5), .. Enumerable.Repeat(HttpStatusCode.Forbidden, 3)], answers);
        first.Kill();
        using Balancer again = new(await StartAsync(bed, options));
        Assert.Equal(HttpStatusCode.Forbidden, await again.StatusAsync("alice-key", new { prompt = "P9", responses = new[] { "a", "b" } }));
    }

    private static string[] Texts(int group) => [.. Enumerable.Range(0, Size).Select(i => $"Answer {group}-{i} gives {i} reasons.")];

    private static async Task<string[]> NamesAsync(Bed bed)
    {
        var names = new List<string>();
        await foreach (global::Azure.Storage.Blobs.Models.BlobItem blob in bed.Clients.Runs.GetBlobsAsync(cancellationToken: Cancel))
        {
            if (blob.Name.Contains("/judgements-", StringComparison.Ordinal))
            {
                string[] path = blob.Name.Split('/');
                names.AddRange((await bed.LinesAsync(path[0], path[1])).Select(static line => JsonSerializer.Deserialize<JsonElement>(line)).Select(static line => $"{line.GetProperty("rolloutId")} {line.GetProperty("sample")}"));
            }
        }

        return [.. names];
    }

    private static async Task<string> StartAsync(Bed bed, params string[] options) => await AddressAsync(bed, await StartProcessAsync(bed, options));

    private static async Task<Process> StartProcessAsync(Bed bed, params string[] options)
    {
        Process server = bed.StartTool(["serve", "--listen", "http://127.0.0.1:0", "--judge", bed.Judge.Server.ApiBase.ToString(), "--model", "simulated-judge", "--protocol", "grm", "--samples", $"{Samples}", .. options]);
        await AddressAsync(bed, server);
        return server;
    }

    private static async Task<string> AddressAsync(Bed bed, Process server) => (await bed.UntilSaidAsync(new Regex($"{server.Id}: tribunal serve: (http[^,]+),"))).Groups[1].Value;

    /// <summary>A client behind a balancer: each request goes to the next server, and to another when that one is away.</summary>
    private sealed class Balancer(params string[] servers) : IDisposable
    {
        private readonly HttpClient _client = new() { Timeout = TimeSpan.FromMinutes(10) };
        private int _turn;

        public async Task<double[]> AskAsync(object rollout)
        {
            while (true)
            {
                try
                {
                    using HttpResponseMessage answer = await SendAsync(null, rollout);
                    if (answer.IsSuccessStatusCode)
                    {
                        JsonElement result = (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("results")[0];
                        Assert.True(result.GetProperty("whole").GetBoolean());
                        Assert.Equal(Size, result.GetProperty("group").GetInt32());
                        return result.GetProperty("rewards").Deserialize<double[]>()!;
                    }
                }
                catch (HttpRequestException)
                {
                    // It is away.
                }

                await Task.Delay(20, Cancel);
            }
        }

        public async Task<HttpStatusCode> StatusAsync(string key, object rollout)
        {
            using HttpResponseMessage answer = await SendAsync(key, rollout);
            return answer.StatusCode;
        }

        public void Dispose() => _client.Dispose();

        private async Task<HttpResponseMessage> SendAsync(string? key, object rollout)
        {
            string server = servers[(Interlocked.Increment(ref _turn) & int.MaxValue) % servers.Length];
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{server}/v1/rewards") { Content = JsonContent.Create(rollout) };
            request.Headers.Add("X-Tribunal-Client", "run");
            if (key is not null)
            {
                request.Headers.Add("X-Api-Key", key);
            }

            return await _client.SendAsync(request, Cancel);
        }
    }
}
