using System.Text;
using System.Text.Json;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Recorded;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.BatchApi;

namespace Tribunal.Runs.Tests.BatchApi;

public sealed class OpenAiBatchTests
{
    [Fact]
    public async Task Requests_have_the_services_form()
    {
        var files = new List<MemoryStream>();
        await using (var writer = new OpenAiBatchWriter(Open(files)))
        {
            Assert.Null(await writer.WriteAsync(Request("a|b", 3, [1, 0])));
        }

        using JsonDocument line = JsonDocument.Parse(files[0].ToArray());
        Assert.Equal(
            """{"custom_id":"3|1.0|a|b","method":"POST","url":"/v1/chat/completions","body":{"model":"rrm-7b","messages":[{"role":"user","content":"Which?"}],"temperature":0.6,"top_p":1,"max_completion_tokens":8192,"seed":17}}""",
            line.RootElement.GetRawText());
    }

    [Fact]
    public async Task Files_stay_below_the_services_limits()
    {
        var byLines = new List<MemoryStream>();
        await using (var writer = new OpenAiBatchWriter(Open(byLines), maxLines: 2))
        {
            for (int i = 0; i < 5; i++)
            {
                await writer.WriteAsync(Request("a", i, [0, 1]));
            }

            Assert.Equal((3, 5L), (writer.Files, writer.Requests));
        }

        Assert.Equal([2, 2, 1], byLines.Select(static f => Encoding.UTF8.GetString(f.ToArray()).Count(static c => c == '\n')));
        var byBytes = new List<MemoryStream>();
        await using (var writer = new OpenAiBatchWriter(Open(byBytes), maxBytes: 600))
        {
            for (int i = 0; i < 5; i++)
            {
                await writer.WriteAsync(Request("a", i, [0, 1]));
            }

            Assert.Contains("more than a file may", await writer.WriteAsync(Request("a", 6, [0, 1]) with { Messages = [new Message("user", new string('x', 700))] }), StringComparison.Ordinal);
        }

        Assert.True(byBytes.Count > 1);
        Assert.All(byBytes, static f => Assert.InRange(f.ToArray().Length, 1, 600));
        await using var strict = new OpenAiBatchWriter(Open([]));
        Assert.Contains("more than 512", await strict.WriteAsync(Request(new string('i', 256), 0, [.. Enumerable.Range(0, 200)])), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answers_are_read_by_the_protocol_and_joined_with_their_requests()
    {
        var files = new List<MemoryStream>();
        await using (var writer = new OpenAiBatchWriter(Open(files)))
        {
            await writer.WriteAsync(Request("a", 0, [2, 0]));
            await writer.WriteAsync(Request("a", 1, [0, 1]));
            await writer.WriteAsync(Request("a", 2, [0, 1]));
            await writer.WriteAsync(Request("a", 3, [0, 1]));
            await writer.WriteAsync(Request("a", 4, [0, 1]));
        }

        var requests = new OpenAiBatchRequests();
        using var requestFile = new MemoryStream(files[0].ToArray());
        await requests.AddAsync(requestFile);
        using var answers = new MemoryStream(Encoding.UTF8.GetBytes(
            """
            {"id":"batch_req_1","custom_id":"0|2.0|a","response":{"status_code":200,"request_id":"r","body":{"model":"rrm-7b-served","choices":[{"index":0,"message":{"role":"assistant","content":"…</think>\\boxed{Assistant 1}","reasoning_content":null},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5}}},"error":null}
            {"id":"batch_req_2","custom_id":"1|0.1|a","response":{"status_code":200,"request_id":"r","body":{"model":"rrm-7b","choices":[{"message":{"content":"\\boxed{Assistant 1} or"},"finish_reason":"length"}]}},"error":null}
            {"id":"batch_req_3","custom_id":"2|0.1|a","response":{"status_code":429,"request_id":"r","body":{"error":{"message":"slow down"}}},"error":null}
            {"id":"batch_req_4","custom_id":"3|0.1|a","response":null,"error":{"code":"batch_expired","message":"This request could not be executed before the completion window expired."}}
            {"id":"batch_req_5","custom_id":"1|0.1|a","response":{"status_code":200,"body":{"choices":[{"message":{"content":"x"}}]}},"error":null}
            {"id":"batch_req_6","custom_id":"foreign","response":{"status_code":200,"body":{}},"error":null}
            {"id":"batch_req_7","custom_id":"4|0.1|a","response":{"status_code":200,"body":{"choices":[]}},"error":null}
            """));
        List<RecordedLine> lines = await LedgerImport.ReadAsync(answers, new ImportOptions { Protocol = "rrm", Requests = requests }).ToListAsync();
        Judgement first = Assert.Single(lines[0].Judgements);
        Assert.Equal((JudgementOutcome.Valid, (int?)2, 17L, "rrm-7b", "rrm"), (first.Outcome, first.Winner, first.Seed, first.Judge, first.Protocol));
        Assert.Equal([0, 2], first.Pair);
        Assert.Equal(new Usage(10, 5), first.Usage);
        Assert.Equal(JudgementOutcome.Truncated, lines[1].Judgements[0].Outcome);
        Assert.Equal((JudgementOutcome.Failed, "the batch service answered 429: slow down"), (lines[2].Judgements[0].Outcome, lines[2].Judgements[0].Why));
        Assert.Contains("window expired", lines[3].Judgements[0].Why, StringComparison.Ordinal);
        Assert.Equal([false, false, true, true], lines.Take(4).Select(static l => l.MayAskAgain));
        Assert.Contains("no request 1|0.1|a", lines[4].Error, StringComparison.Ordinal);
        Assert.Equal((6, "the custom_id foreign does not name a rollout and a sample"), (lines[5].Line, lines[5].Error));
        Assert.Equal("response.body is not a chat completion", lines[6].Error);
        Assert.Equal([2, 3, 4], requests.Unanswered.Select(static request => request.Sample).Order());
    }

    [Fact]
    public async Task A_broken_request_file_gives_its_line()
    {
        using var stream = new MemoryStream("{\"custom_id\":\"0|0.1|a\",\"body\":{\"model\":\"m\"}}\n{\"custom_id\":"u8.ToArray());
        BatchFormatException exception = await Assert.ThrowsAsync<BatchFormatException>(() => new OpenAiBatchRequests().AddAsync(stream));
        Assert.StartsWith("line 2 is not a request", exception.Message, StringComparison.Ordinal);
    }

    private static Func<int, Stream> Open(List<MemoryStream> files) => _ =>
    {
        files.Add(new MemoryStream());
        return files[^1];
    };

    private static OpenAiBatchRequest Request(string rolloutId, int sample, int[] order) => new()
    {
        RolloutId = rolloutId,
        Sample = sample,
        Order = order,
        Messages = [new Message("user", "Which?")],
        Model = "rrm-7b",
        Temperature = 0.6,
        TopP = 1,
        MaxTokens = 8192,
        Seed = 17,
    };
}
