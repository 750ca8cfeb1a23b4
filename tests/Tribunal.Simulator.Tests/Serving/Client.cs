using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tribunal.Judgements;
using Tribunal.Protocols;

namespace Tribunal.Simulator.Tests.Serving;

/// <summary>A plain client, so that these tests say what is on the wire.</summary>
internal sealed class Client(Uri address) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = address, Timeout = TimeSpan.FromMinutes(5) };

    public void Dispose() => _http.Dispose();

    public static JsonObject Body(JudgeQuestion question) => new()
    {
        ["model"] = "simulated-judge",
        ["messages"] = new JsonArray([.. question.Messages.Select(static m => new JsonObject { ["role"] = m.Role, ["content"] = m.Content })]),
        ["temperature"] = question.Temperature,
        ["max_tokens"] = question.MaxTokens,
        ["seed"] = question.Seed,
    };

    public Task<HttpResponseMessage> PostAsync(string path, JsonNode body, HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead, CancellationToken cancellationToken = default) =>
        _http.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") },
            completion,
            cancellationToken);

    public Task<HttpResponseMessage> GetAsync(string path) => _http.GetAsync(path);

    public async Task<JsonNode> JsonAsync(string path, JsonNode body)
    {
        using HttpResponseMessage response = await PostAsync(path, body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
    }

    public async Task<JudgeReply> AskAsync(JudgeQuestion question)
    {
        JsonNode answer = await JsonAsync("v1/chat/completions?api-version=2024-05-01-preview", Body(question));
        JsonNode message = answer["choices"]![0]!["message"]!;
        return new JudgeReply
        {
            Text = (string?)message["content"] ?? "",
            Reasoning = (string?)message["reasoning"] ?? (string?)message["reasoning_content"],
            Refusal = (string?)message["refusal"],
            Finish = (string?)answer["choices"]![0]!["finish_reason"],
            Usage = UsageOf(answer),
        };
    }

    public async Task<JudgeReply> StreamAsync(JudgeQuestion question)
    {
        JsonObject body = Body(question);
        body["stream"] = true;
        body["stream_options"] = new JsonObject { ["include_usage"] = true };
        using HttpResponseMessage response = await PostAsync("v1/chat/completions", body);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        string[] events = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("data: [DONE]", events[^1]);
        var text = new StringBuilder();
        StringBuilder? reasoning = null;
        string? refusal = null;
        string? finish = null;
        Usage usage = default;
        foreach (string line in events[..^1])
        {
            JsonNode chunk = JsonNode.Parse(line["data: ".Length..])!;
            if (chunk["usage"] is not null)
            {
                Assert.Empty(chunk["choices"]!.AsArray());
                usage = UsageOf(chunk);
                continue;
            }

            JsonNode delta = chunk["choices"]![0]!["delta"]!;
            text.Append((string?)delta["content"]);
            if (delta["reasoning"] is { } thought)
            {
                (reasoning ??= new StringBuilder()).Append((string?)thought);
            }

            refusal ??= (string?)delta["refusal"];
            finish ??= (string?)chunk["choices"]![0]!["finish_reason"];
        }

        return new JudgeReply { Text = text.ToString(), Reasoning = reasoning?.ToString(), Refusal = refusal, Finish = finish, Usage = usage };
    }

    private static Usage UsageOf(JsonNode answer) => new((long)answer["usage"]!["prompt_tokens"]!, (long)answer["usage"]!["completion_tokens"]!);
}
