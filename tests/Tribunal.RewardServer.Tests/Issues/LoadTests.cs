using System.Text.Json;
using Tribunal.RewardServer.Judging;
using Tribunal.Simulator.Serving;

namespace Tribunal.RewardServer.Tests.Issues;

/// <summary>Many clients at once, a judge that fails one time in ten, and a server that goes away in the middle.</summary>
public sealed class LoadTests
{
    private const int Clients = 96;
    private const int Group = 16;

    [Fact]
    public async Task Every_reward_is_the_undisturbed_one_and_no_judgement_stands_twice()
    {
        double[] calm;
        await using (Bed bed = await Bed.StartAsync())
        {
            calm = await Task.WhenAll(Enumerable.Range(0, Clients).Select(i => AskAsync(() => bed, i)));
        }

        DirectoryInfo folder = Directory.CreateTempSubdirectory("tribunal-load-");
        Bed? current = null;
        try
        {
            current = await StartAsync(folder);
            int answered = 0;
            var half = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Task<double[]> asked = Task.WhenAll(Enumerable.Range(0, Clients).Select(async i =>
            {
                double reward = await AskAsync(() => current, i);
                if (Interlocked.Increment(ref answered) == Clients / 2)
                {
                    half.SetResult();
                }

                return reward;
            }));
            await Task.WhenAny(half.Task, asked);
            Bed first = current;
            current = null;
            await first.DisposeAsync();
            current = await StartAsync(folder);
            Assert.Equal(calm, await asked);
        }
        finally
        {
            await (current?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        string[] names = [.. File.ReadLines(Path.Combine(folder.FullName, "judgements.jsonl")).Select(static line => JsonSerializer.Deserialize<JsonElement>(line)).Select(static judgement => $"{judgement.GetProperty("rolloutId")} {judgement.GetProperty("sample")}")];
        Assert.Equal(Clients / Group * 4, names.Length);
        Assert.Equal(names.Length, names.Distinct().Count());
        folder.Delete(recursive: true);
    }

    private static Task<Bed> StartAsync(DirectoryInfo folder) => Bed.StartAsync(
        judge: new SimulatorOptions { Faults = new TransportFaults { TooManyRequests = 0.03, Unavailable = 0.03, Resets = 0.02, ResetsMidBody = 0.01, GarbageBodies = 0.01 } }, folder: folder, tries: 20);

    private static async Task<double> AskAsync(Func<Bed?> server, int i)
    {
        object question = new { prompt = $"Question {i / Group}", responses = new[] { $"Answer {i} gives {i % Group} reasons." }, group = new { id = $"prompt {i / Group}", size = Group } };
        while (true)
        {
            try
            {
                if (server() is { } bed)
                {
                    using HttpResponseMessage answer = await bed.PostAsync("/v1/rewards", question);
                    if (answer.IsSuccessStatusCode)
                    {
                        JsonElement result = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Bed.Cancel)).GetProperty("results")[0];
                        Assert.True(result.GetProperty("whole").GetBoolean());
                        return result.GetProperty("rewards")[0].GetDouble();
                    }
                }
            }
            catch (Exception gone) when (gone is HttpRequestException or ObjectDisposedException or TaskCanceledException && !Bed.Cancel.IsCancellationRequested)
            {
                // It is away.
            }

            await Task.Delay(10, Bed.Cancel);
        }
    }
}
