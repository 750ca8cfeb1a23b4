using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Tribunal.Calibration;
using Tribunal.Formats.Ledger;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;
using Tribunal.Simulator.Batches;
using Tribunal.Simulator.Judging;
using Tribunal.Simulator.Serving;
using Tribunal.Verdicts;

namespace Tribunal.Cli.Tests;

/// <summary>The main job as people meet it: a real process, a real endpoint, kills and faults.</summary>
public sealed class AcceptanceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_run_that_is_killed_twenty_times_ends_as_if_it_had_not_been()
    {
        const int Rollouts = 500, Samples = 4, Kills = 20, Concurrency = 32;
        string batch = await GenerateAsync(Rollouts);
        await using SimulatorServer undisturbed = await SimulatorServer.StartAsync(new SimulatorOptions());
        ToolResult whole = await ScoreAsync(batch, "whole", undisturbed);
        Assert.True(whole.ExitCode == 0, whole.Errors + whole.Output);

        await using PacedJudge judge = await PacedJudge.StartAsync();
        var random = new Random(20261123);
        long inFlight = 0;
        for (int kill = 0; kill < Kills; kill++)
        {
            using Process process = ToolProcess.Start(_folder, Arguments(batch, "killed", judge.Server));
            await judge.AnswerAsync(judge.Stats.Answered + random.Next(5, Rollouts * Samples / Kills), process);
            process.Kill();
            await process.WaitForExitAsync();
            inFlight += Concurrency;
        }

        judge.LetGo();
        ToolResult last = await ScoreAsync(batch, "killed", judge.Server);
        Assert.True(last.ExitCode == 0, last.Errors + last.Output);
        Assert.Equal(File.ReadAllText(PathOf("whole", RunFiles.Verdicts)), File.ReadAllText(PathOf("killed", RunFiles.Verdicts)));
        List<Judgement> ledger = await LedgerAsync("killed");
        Assert.Equal(Rollouts * Samples, ledger.Count);
        Assert.Equal(Rollouts * Samples, ledger.Select(static j => (j.RolloutId, j.Sample)).Distinct().Count());
        Assert.InRange(judge.Stats.Requests - (Rollouts * Samples), 0, inFlight);

        string[] Arguments(string from, string to, SimulatorServer at) =>
            ["score", from, "-o", to, "--judge", at.ApiBase.ToString(), "--model", SimulatedJudgeOptions.DefaultModel, "--samples", $"{Samples}", "--concurrency", $"{Concurrency}"];

        Task<ToolResult> ScoreAsync(string from, string to, SimulatorServer at) => ToolProcess.RunAsync(_folder, Arguments(from, to, at));
    }

    [Fact]
    public async Task A_knockout_of_teams_that_is_killed_plays_the_same_matches_to_the_same_verdicts()
    {
        const int Rollouts = 60, Responses = 32, Votes = 3, Kills = 3;
        string batch = PathOf("", "teams.jsonl");
        using (var plain = new MemoryStream())
        {
            await BatchGenerator.WriteAsync(plain, new BatchOptions { Rollouts = Rollouts, MinResponses = Responses, MaxResponses = Responses });

            // In every third rollout responses share final answers: 8 teams of four.
            File.WriteAllLines(batch, System.Text.Encoding.UTF8.GetString(plain.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static (line, r) =>
            {
                Rollout rollout = JsonSerializer.Deserialize(line, TribunalJson.Default.Rollout)!;
                return JsonSerializer.Serialize(
                    rollout with { Responses = [.. rollout.Responses.Select((response, i) => new Response($"{response.Content}\n\\boxed{{{(r % 3 == 0 ? i % 8 : i)}}}"))] }, TribunalJson.Default.Rollout);
            }));
        }

        await using PacedJudge judge = await PacedJudge.StartAsync();
        string[] Arguments(string to) =>
        [
            "score", batch, "-o", to, "--judge", judge.Server.ApiBase.ToString(), "--model", SimulatedJudgeOptions.DefaultModel, "--protocol", "rrm",
            "--tournament", "knockout", "--votes", $"{Votes}", "--teams", "boxed", "--no-report",
        ];

        ToolResult whole = await ToolProcess.RunAsync(_folder, Arguments("whole"));
        Assert.True(whole.ExitCode == 0, whole.Errors + whole.Output);
        long judgements = judge.Stats.Answered;
        Assert.Equal(((Rollouts * 2 / 3 * (Responses - 1)) + (Rollouts / 3 * 7)) * Votes, judgements);
        for (int kill = 1; kill <= Kills; kill++)
        {
            using Process process = ToolProcess.Start(_folder, Arguments("killed"));
            await judge.AnswerAsync(judgements + (kill * judgements / (Kills + 1)), process);
            process.Kill();
            await process.WaitForExitAsync();
        }

        judge.LetGo();
        ToolResult last = await ToolProcess.RunAsync(_folder, Arguments("killed"));
        Assert.True(last.ExitCode == 0, last.Errors + last.Output);
        Assert.False(File.Exists(PathOf("whole", RunFiles.Report)));
        Assert.Equal(File.ReadAllText(PathOf("whole", RunFiles.Verdicts)), File.ReadAllText(PathOf("killed", RunFiles.Verdicts)));
        Assert.Equal(JsonSerializer.Serialize(Comparable("whole")), JsonSerializer.Serialize(Comparable("killed")));
        List<Judgement> ledger = await LedgerAsync("killed");
        Assert.Equal(judgements, ledger.Count);
        Assert.Equal(judgements, ledger.Select(static j => (j.RolloutId, j.Sample)).Distinct().Count());
        Assert.Equal(Order(await LedgerAsync("whole")), Order(ledger));
        foreach (IGrouping<string, Judgement> rollout in ledger.GroupBy(static j => j.RolloutId))
        {
            bool teams = int.Parse(rollout.Key[(rollout.Key.LastIndexOf('-') + 1)..], System.Globalization.CultureInfo.InvariantCulture) % 3 == 0;
            int TeamOf(int response) => teams ? response % 8 : response;
            Assert.All(rollout, j => Assert.NotEqual(TeamOf(j.Pair![0]), TeamOf(j.Pair[1])));
            Assert.Equal(teams ? 7 : Responses - 1, rollout.Select(j => (Math.Min(TeamOf(j.Pair![0]), TeamOf(j.Pair[1])), Math.Max(TeamOf(j.Pair[0]), TeamOf(j.Pair[1])))).Distinct().Count());
        }

        RunSummary Comparable(string run) => Summary(run) with { RunId = "" };

        static IEnumerable<string> Order(IEnumerable<Judgement> judgements) => judgements
            .OrderBy(static j => j.RolloutId, StringComparer.Ordinal).ThenBy(static j => j.Sample)
            .Select(static j => JsonSerializer.Serialize(j with { LatencyMs = 0 }, TribunalJson.Default.Judgement));
    }

    [Fact]
    public async Task A_poor_endpoint_fails_judgements_and_never_rewards_and_the_totals_are_its_own()
    {
        // No machine is so busy that an honest answer takes this long. What hangs hangs at the same time, and is too little to hang twice.
        const int TimeLimit = 20;
        const double Share = 0.3;
        string batch = await GenerateAsync(60);
        await using SimulatorServer server = await SimulatorServer.StartAsync(new SimulatorOptions
        {
            Faults = TransportFaults.Mixed(Share) with { Hangs = 0.025 },
            Judge = new SimulatedJudgeOptions { Faults = TransportFaults.Answers(Share) },
            HangTime = TimeSpan.FromHours(1),
            RetryAfter = TimeSpan.FromMilliseconds(50),
        });
        ToolResult result = await ToolProcess.RunAsync(
            _folder, "score", batch, "-o", "poor", "--judge", server.ApiBase.ToString(), "--model", SimulatedJudgeOptions.DefaultModel, "--samples", "4", "--timeout", $"{TimeLimit}");
        Assert.True(result.ExitCode is 0 or 1, result.Errors + result.Output);
        RunSummary summary = Summary("poor");
        SimulatorStats counted = server.Stats;
        Assert.Equal(RunStatus.Complete, summary.Status);
        Assert.Equal(counted.Judge.Requests, summary.Requests.Sent);
        Assert.Equal(counted.Judge.TooManyRequests, summary.Requests.Throttled);
        Assert.Equal(counted.Judge.Unavailable, summary.Requests.Unavailable);
        Assert.Equal(counted.Judge.Resets + counted.Judge.ResetsMidBody, summary.Requests.Reset);
        Assert.Equal(counted.Judge.Hangs, summary.Requests.TimedOut);
        Assert.True(counted.Judge.Hangs > 0);
        Assert.Equal((counted.Judge.InputTokens, counted.Judge.OutputTokens), (summary.Usage.Input, summary.Usage.Output));
        Assert.True(summary.Judgements.Unparsable > 0 && summary.Judgements.Refused > 0 && summary.Requests.Redrawn > 0);

        Dictionary<string, List<Judgement>> ledger = (await LedgerAsync("poor")).GroupBy(static j => j.RolloutId).ToDictionary(static g => g.Key, static g => g.ToList(), StringComparer.Ordinal);
        foreach (string line in File.ReadLines(PathOf("poor", RunFiles.Verdicts)))
        {
            Verdict verdict = JsonSerializer.Deserialize(line, TribunalJson.Default.Verdict)!;
            int valid = ledger[verdict.Id].Count(static j => j.Outcome == JudgementOutcome.Valid);
            Assert.Equal(valid, verdict.Votes.Kept);
            Assert.Equal(4, verdict.Votes.Drawn);
            Assert.Equal(valid > 0 ? VerdictStatus.Scored : VerdictStatus.Unscorable, verdict.Status);
            Assert.Equal(valid > 0, verdict.Reason is null);
        }
    }

    [Theory]
    [InlineData("grm")]
    [InlineData("rm-r1")]
    [InlineData("rrm")]
    public async Task Every_protocol_scores_a_batch_over_http_with_a_meta_reward_model(string protocol)
    {
        string batch = await GenerateAsync(20);
        await using SimulatorServer server = await SimulatorServer.StartAsync(new SimulatorOptions());
        ToolResult result = await ToolProcess.RunAsync(
            _folder, "score", batch, "-o", "run", "--judge", server.ApiBase.ToString(), "--model", SimulatedJudgeOptions.DefaultModel,
            "--protocol", protocol, "--samples", "4", "--meta", server.Address.ToString(), "--json");
        Assert.True(result.ExitCode == 0, result.Errors + result.Output);
        RunSummary summary = JsonSerializer.Deserialize(result.Output, RunsJson.Default.RunSummary)!;
        Assert.Equal((20L, protocol, false), (summary.Scored, summary.Protocol, summary.Simulated));
        Assert.All(await LedgerAsync("run"), static judgement => Assert.NotNull(judgement.Meta));
    }

    [Fact]
    public async Task The_sample_batch_scores_with_nothing_configured_and_says_that_it_is_simulated()
    {
        string sample = Path.Combine(AppContext.BaseDirectory, "../../../../../samples/rollouts.jsonl");
        ToolResult result = await ToolProcess.RunAsync(_folder, "score", sample, "-o", "out");
        Assert.Equal(0, result.ExitCode);
        string[] lines = result.Output.Trim().Split('\n');
        Assert.StartsWith("plan: ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("SIMULATED", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("SIMULATED", lines[^1], StringComparison.Ordinal);
        Assert.True(Summary("out").Simulated);
        Assert.All(File.ReadLines(PathOf("out", RunFiles.Verdicts)), static line => Assert.Contains("\"simulated\":true", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Exit_codes_tell_what_to_do()
    {
        string batch = await GenerateAsync(30);
        int closed = ClosedPort();
        Assert.Equal(2, (await ToolProcess.RunAsync(_folder, "score")).ExitCode);
        Assert.Equal(2, (await ToolProcess.RunAsync(_folder, "score", "nowhere.jsonl")).ExitCode);
        Assert.Equal(2, (await ToolProcess.RunAsync(_folder, "score", batch, "--judge", "ftp://host")).ExitCode);
        ToolResult away = await ToolProcess.RunAsync(_folder, "score", batch, "-o", "away", "--judge", $"http://127.0.0.1:{closed}/v1", "--model", "m");
        Assert.Equal(3, away.ExitCode);
        ToolResult limited = await ToolProcess.RunAsync(_folder, "score", batch, "-o", "limited", "--max-total-tokens", "5000");
        Assert.Equal(4, limited.ExitCode);
        Assert.Contains("the same command", limited.Errors, StringComparison.Ordinal);
        Assert.Equal(0, (await ToolProcess.RunAsync(_folder, "score", batch, "-o", "limited")).ExitCode);
        ToolResult other = await ToolProcess.RunAsync(_folder, "score", batch, "-o", "limited", "--seed", "9");
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("seed", other.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", away.Errors + limited.Errors + other.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Voting_again_on_fewer_judgements_needs_no_judge()
    {
        string batch = await GenerateAsync(50);
        await ToolProcess.RunAsync(_folder, "score", batch, "-o", "run", "--samples", "8");
        Assert.Equal(0, (await ToolProcess.RunAsync(_folder, "vote", "run", "-o", "all")).ExitCode);
        Assert.Equal(File.ReadAllText(PathOf("run", RunFiles.Verdicts)), File.ReadAllText(PathOf("all", RunFiles.Verdicts)));
        Assert.Equal(0, (await ToolProcess.RunAsync(_folder, "vote", "run", "-o", "two", "--samples", "2", "--resamples", "20")).ExitCode);
        Assert.Equal(100, Summary("two").Judgements.Drawn);
        Assert.True(File.Exists(PathOf("two", "resamples.csv")));
    }

    [Fact]
    public async Task A_recorded_round_robin_is_voted_on_as_tournaments_and_a_recorded_knockout_as_what_it_was()
    {
        string batch = Path.Combine(_folder, "batch.jsonl");
        await using (FileStream stream = File.Create(batch))
        {
            await BatchGenerator.WriteAsync(stream, new BatchOptions { Rollouts = 12, MinResponses = 5, MaxResponses = 5 });
        }

        await ToolProcess.RunAsync(_folder, "score", batch, "-o", "pairs", "--protocol", "rrm", "--samples", "4", "--no-report");
        ToolResult vote = await ToolProcess.RunAsync(
            _folder, "vote", "pairs", "-o", "grid", "--tournament", "knockout", "--votes", "2", "--resamples", "5", "--try-samples", "1,2", "--try-policies", "none",
            "--try-rules", "auto,btd", "--try-tournaments", "round-robin,round-robin-elo-average,knockout,swiss");
        Assert.True(vote.ExitCode == 0, vote.Errors + vote.Output);
        Assert.Equal(12 * 4 * 2, Summary("grid").Judgements.Drawn);
        string[] rows = File.ReadAllLines(PathOf("grid", "resamples.csv"));
        Assert.Equal(1 + (2 * (5 + 3)), rows.Length);
        Assert.Contains(rows, static row => row.StartsWith("auto,,knockout,fixed-2,2,", StringComparison.Ordinal));
        Assert.Contains("round-robin-elo-average", vote.Output, StringComparison.Ordinal);

        await ToolProcess.RunAsync(_folder, "score", batch, "-o", "knockout", "--protocol", "rrm", "--tournament", "knockout", "--votes", "3", "--seed", "5", "--no-report");
        Assert.Equal(0, (await ToolProcess.RunAsync(_folder, "vote", "knockout", "-o", "again")).ExitCode);
        Assert.Equal(File.ReadAllText(PathOf("knockout", RunFiles.Verdicts)), File.ReadAllText(PathOf("again", RunFiles.Verdicts)));
        ToolResult lacking = await ToolProcess.RunAsync(_folder, "vote", "knockout", "-o", "other", "--resamples", "2", "--try-tournaments", "swiss");
        Assert.Equal(2, lacking.ExitCode);
        Assert.Contains("every pair", lacking.Errors, StringComparison.Ordinal);
        Assert.Equal(2, (await ToolProcess.RunAsync(_folder, "vote", "pairs", "-o", "other", "--resamples", "2", "--try-rules", "best")).ExitCode);
    }

    private static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<string> GenerateAsync(int rollouts)
    {
        string path = Path.Combine(_folder, "batch.jsonl");
        await using FileStream stream = File.Create(path);
        await BatchGenerator.WriteAsync(stream, new BatchOptions { Rollouts = rollouts });
        return path;
    }

    private string PathOf(string run, string name) => Path.Combine(_folder, run, name);

    private RunSummary Summary(string run) => JsonSerializer.Deserialize(File.ReadAllBytes(PathOf(run, RunFiles.Summary)), RunsJson.Default.RunSummary)!;

    private async Task<List<Judgement>> LedgerAsync(string run)
    {
        await using FileStream stream = File.OpenRead(PathOf(run, RunFiles.Judgements));
        var judgements = new List<Judgement>();
        await foreach (Judgement judgement in LedgerReader.ReadAsync(stream, JudgementLine.Read))
        {
            judgements.Add(judgement);
        }

        return judgements;
    }
}
