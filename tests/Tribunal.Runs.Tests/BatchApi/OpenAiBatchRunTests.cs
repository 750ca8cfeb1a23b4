using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Tribunal.Formats.Ledger;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;
using Tribunal.Runs.BatchApi;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Sampling;
using Tribunal.Testing.Batches;
using Tribunal.Testing.Runs;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Tests.BatchApi;

public sealed class OpenAiBatchRunTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-batch-").FullName;
    private readonly string _run;
    private readonly string _batch;

    public OpenAiBatchRunTests()
    {
        _run = Path.Combine(_folder, "run");
        _batch = Path.Combine(_folder, "batch.jsonl");
        IEnumerable<Rollout> rollouts = Enumerable.Range(0, 3).Select(static i => new Rollout
        {
            Id = $"r{i}",
            Prompt = [new Message("user", "Which is good?")],
            Responses = [new Response("bad answer"), new Response("good answer")],
            Best = [1],
        });
        File.WriteAllBytes(_batch, [.. BatchSamples.Lines(rollouts), .. "nonsense\n"u8]);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Requests_go_out_answers_come_in_and_what_failed_is_asked_again()
    {
        OpenAiBatchState first = await Run().AdvanceAsync();
        Assert.Equal((3L, 1L, 6L, 0L), (first.Rollouts, first.Invalid, first.Requests, first.Answers));
        byte[] asked = File.ReadAllBytes(Assert.Single(first.RequestFiles));
        Assert.Null(first.Summary);

        // Nothing came in: the same is asked for again, byte for byte.
        OpenAiBatchState again = await Run().AdvanceAsync();
        Assert.Equal(asked, File.ReadAllBytes(Assert.Single(again.RequestFiles)));

        string[] answers = [.. Encoding.UTF8.GetString(asked).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Answer)];
        Write("output.jsonl", answers.Skip(1));
        Write("errors.jsonl", ["""{"id":"x","custom_id":"0|0.1|r0","response":null,"error":{"code":"batch_expired","message":"expired"}}"""]);
        OpenAiBatchState second = await Run().AdvanceAsync();
        Assert.Equal((1L, 5L, 1L), (second.Requests, second.Answers, second.Unusable));
        Assert.Equal("errors.jsonl, line 1: the batch service says: expired", Assert.Single(second.Problems));
        Assert.Null(second.Summary);

        Write("output-2.jsonl", answers.Take(2));
        OpenAiBatchState third = await Run().AdvanceAsync();
        Assert.Equal((0L, 6L), (third.Requests, third.Answers));
        Assert.Empty(third.RequestFiles);
        Assert.Equal(RunStatus.Complete, third.Summary!.Status);
        Assert.Equal((3L, 6L), (third.Summary.Scored, third.Summary.Judgements.Valid));
        Assert.Equal(1.0, third.Summary.Overall.Accuracy!.Value);

        Verdict[] verdicts = [.. File.ReadLines(Path.Combine(_run, RunFiles.Verdicts)).Select(static l => JsonSerializer.Deserialize(l, TribunalJson.Default.Verdict)!)];
        Assert.Equal(["r0", "r1", "r2"], verdicts.Select(static v => v.Id));
        Assert.All(verdicts, static v => Assert.Equal((1, StopReason.Fixed), (v.Best, v.Stop)));
        await using FileStream ledger = File.OpenRead(Path.Combine(_run, RunFiles.Judgements));
        List<TracedJudgement> judgements = await LedgerReader.ReadAsync(ledger, JudgementLine.ReadTraced).ToListAsync();
        Assert.Equal(6, judgements.Select(static j => (j.RolloutId, j.Sample)).Distinct().Count());
        Assert.All(judgements, static j => Assert.Equal(SampleSeed.Of(5, j.RolloutId, j.Sample), j.Seed));
        Assert.All(judgements, static j => Assert.Contains("boxed", j.Text, StringComparison.Ordinal));
        Assert.StartsWith("""{"line":4,"reason":"not valid JSON at byte 2 of the record: '""", File.ReadAllText(Path.Combine(_run, RunFiles.Invalid)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_request_does_not_continue_the_run()
    {
        await Run().AdvanceAsync();
        await Assert.ThrowsAsync<RunMismatchException>(() => Run(seed: 6).AdvanceAsync());
    }

    [Fact]
    public async Task A_protocol_files_schema_and_what_it_leaves_out_stand_in_the_request_lines()
    {
        string path = Path.Combine(_folder, "mine.yaml");
        string text = DeclaredCatalog.TextOf("general-list").Replace("protocol: general-list", "protocol: mine", StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, text.Replace("request:\n", "request:\n  leave-out: [seed, top_p]\n", StringComparison.Ordinal));
        var request = new EvaluationRequest { Batch = _batch, ProtocolFile = path, Policy = new PolicyOptions { Samples = 2 } };
        Judge judge = Judge.Of(new ScriptedJudge(), "gpt-4o", "auto", await File.ReadAllTextAsync(path));
        OpenAiBatchState state = await new OpenAiBatchRun(_run, request, judge, new FakeTimeProvider()).AdvanceAsync();
        foreach (string line in File.ReadLines(Assert.Single(state.RequestFiles)))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement body = document.RootElement.GetProperty("body");
            Assert.Equal("json_schema", body.GetProperty("response_format").GetProperty("type").GetString());
            Assert.Equal("object", body.GetProperty("response_format").GetProperty("json_schema").GetProperty("schema").GetProperty("type").GetString());
            Assert.False(body.TryGetProperty("seed", out _));
            Assert.False(body.TryGetProperty("top_p", out _));
            Assert.True(body.TryGetProperty("temperature", out _));
        }
    }

    private OpenAiBatchRun Run(long seed = 5)
    {
        var request = new EvaluationRequest { Batch = _batch, Seed = seed, Policy = new PolicyOptions { Samples = 2 } };
        return new OpenAiBatchRun(_run, request, Judge.Of(new ScriptedJudge(), "grm-27b", "grm"), new FakeTimeProvider());
    }

    private void Write(string name, IEnumerable<string> lines) => File.WriteAllLines(Path.Combine(_run, OpenAiBatchRun.AnswersFolder, name), lines);

    // Scores the good answer 8 and the bad one 3, wherever they were shown.
    private static string Answer(string requestLine)
    {
        using JsonDocument request = JsonDocument.Parse(requestLine);
        string prompt = string.Concat(request.RootElement.GetProperty("body").GetProperty("messages").EnumerateArray().Select(static m => m.GetProperty("content").GetString()));
        string scores = prompt.LastIndexOf("good answer", StringComparison.Ordinal) < prompt.LastIndexOf("bad answer", StringComparison.Ordinal) ? "8, 3" : "3, 8";
        string content = JsonSerializer.Serialize($"Specific Criteria: truth.\nAnalysis: one is good.\nScores: \\boxed{{{scores}}}");
        string id = JsonSerializer.Serialize(request.RootElement.GetProperty("custom_id").GetString());
        return $$"""{"id":"b","custom_id":{{id}},"response":{"status_code":200,"request_id":"r","body":{"model":"grm-27b","choices":[{"index":0,"message":{"role":"assistant","content":{{content}}},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3} } },"error":null}""";
    }
}
