using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Tribunal.RewardServer.Judging;
using Tribunal.Simulator.Serving;
using Tribunal.Testing;

namespace Tribunal.RewardServer.Tests.Serving;

/// <summary><c>integrations/tribunal-rewards</c>, run by the machine's Python against a real server.</summary>
public sealed class PythonShimTests
{
    [Fact]
    public async Task TRL_gets_the_servers_rewards_in_its_own_order()
    {
        await using Bed bed = await Bed.StartAsync();
        JsonElement own = await bed.AskAsync("/v1/rewards", new { rollouts = new[] { new { prompt = "P", responses = new[] { "a", "b" } }, new { prompt = "Q", responses = new[] { "c", "d" } } } });
        double[] expected = [.. own.GetProperty("results").EnumerateArray().SelectMany(static result => result.GetProperty("rewards").Deserialize<double[]>()!)];
        long asked = bed.Judge.Stats.Judge.Requests;
        double?[] rewards = (await PythonAsync(bed, """print(json.dumps(t.trl_reward(prompts=["P", "Q", "P", "Q"], completions=["a", "c", "b", "d"], other=[1, 2, 3, 4])))""")).Deserialize<double?[]>()!;
        Assert.Equal([expected[0], expected[2], expected[1], expected[3]], rewards);
        Assert.Equal(asked, bed.Judge.Stats.Judge.Requests);
    }

    [Fact]
    public async Task TRL_gets_conversations_judged()
    {
        await using Bed bed = await Bed.StartAsync();
        double?[] rewards = (await PythonAsync(bed, """
            turns = [{"role": "user", "content": "P"}]
            print(json.dumps(t.trl_reward(prompts=[turns, turns], completions=[[{"role": "assistant", "content": "a"}], [{"role": "assistant", "content": "b"}]], reference=["r", "r"])))
            """)).Deserialize<double?[]>()!;
        Assert.All(rewards, static reward => Assert.InRange(reward!.Value, 0, 1));
        Assert.Equal(1, bed.Desk.Counts.Rollouts);
    }

    [Fact]
    public async Task Rubrics_of_datasets_grade_and_make_groups_of_their_own()
    {
        await using Bed bed = await Bed.StartAsync(protocol: "rubric-together");
        JsonElement all = await PythonAsync(bed, """
            rubric = [{"text": "It is right.", "weight": 2}, "It is brief."]
            print(json.dumps({
                "trl": t.trl_reward(prompts=["P", "P", "P"], completions=["a", "b", "a"], rubric=[rubric, rubric, "It is kind."]),
                "verl": t.verl_scores(["s"], ["a"], [None], [{"prompt": "Q", "rubric": rubric}]),
                "areal": t.areal_reward("R", "a", rubric=rubric)}))
            """);
        Assert.All(all.GetProperty("trl").Deserialize<double?[]>()!, static reward => Assert.NotNull(reward));
        Assert.Equal(1, all.GetProperty("verl")[0].GetProperty("tribunal_scored").GetDouble());
        Assert.Equal(4, bed.Desk.Counts.Rollouts);
    }

    [Fact]
    public async Task None_stays_apart_from_zero()
    {
        // A pair judge has no reward for a response alone.
        await using Bed bed = await Bed.StartAsync(protocol: "rrm");
        JsonElement both = await PythonAsync(bed, """
            print(json.dumps({
                "trl": t.trl_reward(prompts=["alone", "P", "P"], completions=["x", "a", "b"]),
                "verl": t.verl_scores(["s"] * 3, ["x", "a", "b"], [None] * 3, [{"prompt": "alone"}, {"prompt": "P"}, {"question": "P"}])}))
            """);
        double?[] trl = both.GetProperty("trl").Deserialize<double?[]>()!;
        Assert.Null(trl[0]);
        Assert.NotNull(trl[1]);
        JsonElement[] verl = [.. both.GetProperty("verl").EnumerateArray()];
        Assert.Equal([0, 1, 1], verl.Select(static sample => sample.GetProperty("tribunal_scored").GetDouble()));
        Assert.Equal(0.5, verl[0].GetProperty("score").GetDouble());
        Assert.Equal(trl[1], verl[1].GetProperty("score").GetDouble());
        string[] keys = [.. verl[0].EnumerateObject().Select(static property => property.Name)];
        Assert.All(verl, sample => Assert.Equal(keys, sample.EnumerateObject().Select(static property => property.Name)));
    }

    [Fact]
    public async Task A_busy_server_is_asked_again()
    {
        await using Bed bed = await Bed.StartAsync(new RewardOptions { Gather = TimeSpan.Zero, MaxWaiting = 1 }, judge: new SimulatorOptions { Latency = TimeSpan.FromSeconds(1) });
        Task<HttpResponseMessage> first = bed.PostAsync("/v1/rewards", new { rollouts = new[] { new { prompt = "first", responses = new[] { "a", "b" } } } });
        await Bed.UntilAsync(() => bed.Desk.Waiting == 1);
        Task<JsonElement> second = PythonAsync(bed, """print(json.dumps(t.trl_reward(prompts=["second", "second"], completions=["a", "b"])))""");
        await Bed.UntilAsync(() => bed.Desk.Counts.TurnedAway > 0 || second.IsCompleted);
        double?[] rewards = (await Bed.MoveAsync(bed.JudgeClock, second)).Deserialize<double?[]>()!;
        Assert.InRange(bed.Desk.Counts.TurnedAway, 1, long.MaxValue);
        Assert.DoesNotContain(null, rewards);
        using HttpResponseMessage answer = await first;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task The_packages_own_tests_pass()
    {
        await using Bed bed = await Bed.StartAsync();
        await RunAsync(bed, ["-m", "unittest", "discover", "-s", Path.Combine(Package(), "tests")]);
    }

    [Theory]
    [InlineData("trl_grpo.py")]
    [InlineData("verl_reward.py")]
    [InlineData("areal_rlvr.py")]
    [InlineData("openai_judge.py")]
    public async Task Examples_run_and_are_short(string name)
    {
        await using Bed bed = await Bed.StartAsync();
        string path = Path.Combine(Package(), "examples", name);
        Assert.InRange((await File.ReadAllLinesAsync(path, Bed.Cancel)).Length, 1, 29);
        string output = await RunAsync(bed, ["-c", $"import runpy\ntry:\n    runpy.run_path({JsonSerializer.Serialize(path)}, run_name='__main__')\nexcept SystemExit as end:\n    print(end)"]);
        Assert.NotEmpty(output.Trim());
        Assert.InRange(bed.Desk.Counts.Judgements, 1, long.MaxValue);
    }

    [Fact]
    public async Task Two_processes_of_TRL_get_the_rewards_of_the_whole_group()
    {
        await using Bed bed = await Bed.StartAsync(protocol: "rrm");
        JsonElement whole = await bed.AskAsync("/v1/rewards", new { prompt = "P", responses = new[] { "a", "bb", "ccc", "dddd" } });
        double[] expected = whole.GetProperty("results")[0].GetProperty("rewards").Deserialize<double[]>()!;
        const string script = """
            state = type("State", (), {"global_step": 3})()
            print(json.dumps(asyncio.run(t.trl_reward_async(prompts=["P", "P"], completions=%s, trainer_state=state))))
            """;
        (string, string)[] shared = [("TRIBUNAL_GROUP_SIZE", "4"), ("TRIBUNAL_CLIENT", "run")];
        JsonElement[] ranks = await Task.WhenAll(
            PythonAsync(bed, script.Replace("%s", """["a", "ccc"]""", StringComparison.Ordinal), shared),
            PythonAsync(bed, script.Replace("%s", """["bb", "dddd"]""", StringComparison.Ordinal), shared));
        Assert.Equal([expected[0], expected[2]], ranks[0].Deserialize<double[]>()!);
        Assert.Equal([expected[1], expected[3]], ranks[1].Deserialize<double[]>()!);
        Assert.Equal(1, bed.Desk.Counts.Rollouts);
    }

    [Fact]
    public async Task Verls_samples_are_judged_as_one_group_whenever_they_come()
    {
        await using Bed bed = await Bed.StartAsync(protocol: "rrm");
        JsonElement scores = await PythonAsync(bed, """
            async def main():
                info = {"prompt": [{"role": "user", "content": "P"}], "group": "step 1", "group_size": 3}
                return await asyncio.gather(*(t.compute_score("s", text, None, info) for text in ("a", "bb", "ccc")), t.compute_score("s", "odd", None, {}))
            print(json.dumps(asyncio.run(main())))
            """);
        Assert.Equal([1, 1, 1, 0], scores.EnumerateArray().Select(static score => score.GetProperty("tribunal_scored").GetDouble()));
        Assert.Equal(1, bed.Desk.Counts.Rollouts);
    }

    [Fact]
    public async Task A_server_that_is_away_is_an_error_and_no_reward()
    {
        await using Bed bed = await Bed.StartAsync();
        JsonElement said = await PythonAsync(bed, """
            os.environ["TRIBUNAL_URL"], os.environ["TRIBUNAL_TIMEOUT"] = "http://127.0.0.1:9", "2"
            try:
                t.trl_reward(prompts=["P"], completions=["a"])
            except t.TribunalError as error:
                print(json.dumps(str(error)))
            """);
        Assert.Contains("127.0.0.1:9", said.GetString(), StringComparison.Ordinal);
    }

    private static async Task<JsonElement> PythonAsync(Bed bed, string script, params (string Name, string Value)[] environment)
    {
        string output = await RunAsync(bed, ["-c", "import asyncio, json, os\nimport tribunal_rewards as t\n" + script], environment);
        return JsonSerializer.Deserialize<JsonElement>(output);
    }

    private static async Task<string> RunAsync(Bed bed, string[] arguments, params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new("python3", arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PYTHONPATH"] = Path.Combine(Package(), "src");
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        start.Environment["TRIBUNAL_URL"] = bed.Client.BaseAddress!.ToString();
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process python = Process.Start(start)!;
        Task<string> errors = python.StandardError.ReadToEndAsync(Bed.Cancel);
        string output = await python.StandardOutput.ReadToEndAsync(Bed.Cancel);
        await python.WaitForExitAsync(Bed.Cancel);
        Assert.True(python.ExitCode == 0, await errors);
        return output;
    }

    private static string Package() => Path.Combine(RepositoryFolder.Root(), "integrations", "tribunal-rewards");
}
