using System.Text.Json;
using System.Text.RegularExpressions;
using Tribunal.Protocols.Catalog;
using Tribunal.RewardServer.Judging;
using Tribunal.Rollouts;
using Tribunal.Simulator.Serving;

namespace Tribunal.RewardServer.Tests.Issues;

/// <summary>
/// Training loops of our own, small enough for a test: a bandit over canned responses learns the simulated judge's taste by policy gradient, with
/// faults of the judge, samples without a reward, and a restart of the server on the way.
/// </summary>
public sealed partial class TrainingLoopTests
{
    private const int Prompts = 6;
    private const int Arms = 5;
    private const int Group = 6;
    private const int Steps = 24;
    private static readonly TransportFaults Faults = new() { TooManyRequests = 0.03, Unavailable = 0.03, Resets = 0.02, ResetsMidBody = 0.01, GarbageBodies = 0.01 };

    [Fact]
    public async Task A_bandit_over_rewards_learns_the_judges_taste()
    {
        var learner = new Bandit(seed: 5);
        await RunAsync(learner, static async (bed, prompt, responses, step) =>
        {
            // A part of the group is odd: it has no reward, and the others have theirs.
            object[] rollouts =
            [
                new { prompt, responses, group = new { id = $"step {step}, {prompt}", size = responses.Length } },
                .. step % 5 == 0 ? new object[] { new { prompt, responses = new object[] { 7 } } } : [],
            ];
            JsonElement answer = await bed.AskAsync("/v1/rewards", new { rollouts });
            Assert.All(answer.GetProperty("results").EnumerateArray().Skip(1), static odd => Assert.Equal(JsonValueKind.Null, odd.GetProperty("rewards").ValueKind));
            JsonElement rewards = answer.GetProperty("results")[0].GetProperty("rewards");
            return rewards.ValueKind == JsonValueKind.Null ? new double?[responses.Length] : [.. rewards.EnumerateArray().Select(static reward => (double?)reward.GetDouble())];
        });
    }

    [Fact]
    public async Task A_bandit_over_the_chat_endpoint_learns_the_judges_taste()
    {
        var learner = new Bandit(seed: 6);
        await RunAsync(learner, static async (bed, prompt, responses, step) =>
        {
            var rollout = new Rollout { Id = "x", Prompt = [new Message("user", prompt)], Responses = [.. responses.Select(static text => new Response(text))] };
            string question = ProtocolCatalog.Resolve("grm", "m").Protocol.Compose(rollout, [.. Enumerable.Range(0, responses.Length)]).Messages[^1].Content;
            JsonElement answer = await bed.AskAsync("/v1/chat/completions", new { model = "judge", messages = new[] { new { role = "user", content = question } }, seed = step });
            MatchCollection boxes = Boxed().Matches(answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!);
            double[] scores = boxes.Count == 0 ? [] : [.. boxes[^1].Groups[1].Value.Split(',').Select(static score => double.Parse(score, System.Globalization.CultureInfo.InvariantCulture))];
            return scores.Length == responses.Length ? [.. scores.Select(static score => (double?)((score - 1) / 9))] : new double?[responses.Length];
        });
    }

    private static async Task RunAsync(Bandit learner, Func<Bed, string, string[], int, Task<double?[]>> ask)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("tribunal-loop-");
        Bed? bed = null;
        try
        {
            bed = await StartAsync(folder);
            await learner.LearnTasteAsync(bed);
            double first = learner.Expected();
            for (int step = 0; step < Steps; step++)
            {
                if (step == Steps / 2)
                {
                    await bed.DisposeAsync();
                    bed = await StartAsync(folder);
                }

                await learner.StepAsync(bed, step, ask);
            }

            Assert.True(learner.Expected() > first + (0.5 * (learner.Best() - first)), $"{first:0.000} → {learner.Expected():0.000} of {learner.Best():0.000}");
            Assert.Equal(0, learner.Missing * 10 / (Steps * Prompts * Group));
        }
        finally
        {
            await (bed?.DisposeAsync() ?? ValueTask.CompletedTask);
            folder.Delete(recursive: true);
        }
    }

    private static Task<Bed> StartAsync(DirectoryInfo folder) =>
        Bed.StartAsync(new RewardOptions { ChatVotes = 4, GroupWait = TimeSpan.FromSeconds(30) }, judge: new SimulatorOptions { Faults = Faults }, folder: folder, tries: 20);

    [GeneratedRegex(@"\\boxed\{([^{}]*)\}")]
    private static partial Regex Boxed();

    /// <summary>A softmax over canned responses for each prompt, and what the judge thinks of them in the mean, which only the test looks at.</summary>
    private sealed class Bandit(int seed)
    {
        private readonly double[,] _logits = new double[Prompts, Arms];
        private readonly double[,] _taste = new double[Prompts, Arms];
        private SeededRandom _random = new((ulong)seed);

        public int Missing { get; private set; }

        public async Task LearnTasteAsync(Bed bed)
        {
            for (int prompt = 0; prompt < Prompts; prompt++)
            {
                string[] all = [.. Enumerable.Range(0, Arms).Select(arm => Text(prompt, arm))];
                JsonElement answer = await bed.AskAsync("/v1/rewards", new { prompt = $"Prompt {prompt}", responses = all });
                double[] rewards = answer.GetProperty("results")[0].GetProperty("rewards").Deserialize<double[]>()!;
                for (int arm = 0; arm < Arms; arm++)
                {
                    _taste[prompt, arm] = rewards[arm];
                }
            }
        }

        public double Expected() => Enumerable.Range(0, Prompts).Average(prompt => Policy(prompt).Select((p, arm) => p * _taste[prompt, arm]).Sum());

        public double Best() => Enumerable.Range(0, Prompts).Average(prompt => Enumerable.Range(0, Arms).Max(arm => _taste[prompt, arm]));

        public async Task StepAsync(Bed bed, int step, Func<Bed, string, string[], int, Task<double?[]>> ask)
        {
            int[][] drawn = [.. Enumerable.Range(0, Prompts).Select(prompt => Enumerable.Range(0, Group).Select(_ => Draw(Policy(prompt))).ToArray())];
            double?[][] rewards = await Task.WhenAll(drawn.Select((arms, prompt) => ask(bed, $"Prompt {prompt}", [.. arms.Select(arm => Text(prompt, arm))], step)));
            for (int prompt = 0; prompt < Prompts; prompt++)
            {
                double[] known = [.. rewards[prompt].OfType<double>()];
                Missing += Group - known.Length;
                double[] policy = Policy(prompt);
                for (int i = 0; i < Group; i++)
                {
                    // What has no reward moves nothing.
                    double advantage = rewards[prompt][i] is { } reward ? reward - known.Average() : 0;
                    for (int arm = 0; arm < Arms; arm++)
                    {
                        _logits[prompt, arm] += 1.5 * advantage * ((arm == drawn[prompt][i] ? 1 : 0) - policy[arm]);
                    }
                }
            }
        }

        private static string Text(int prompt, int arm) => $"Answer {arm} to prompt {prompt}, of {(prompt * 7) + (arm * 3)} kinds.";

        private int Draw(double[] policy)
        {
            double at = _random.NextDouble();
            for (int arm = 0; arm < Arms - 1; arm++)
            {
                at -= policy[arm];
                if (at < 0)
                {
                    return arm;
                }
            }

            return Arms - 1;
        }

        private double[] Policy(int prompt)
        {
            double[] weights = [.. Enumerable.Range(0, Arms).Select(arm => Math.Exp(_logits[prompt, arm]))];
            double sum = weights.Sum();
            return Array.ConvertAll(weights, weight => weight / sum);
        }
    }
}
