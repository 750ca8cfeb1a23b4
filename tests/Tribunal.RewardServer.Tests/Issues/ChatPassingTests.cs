using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tribunal.Protocols.Catalog;
using Tribunal.RewardServer.Judging;
using Tribunal.RewardServer.Serving;
using Tribunal.Rollouts;

namespace Tribunal.RewardServer.Tests.Issues;

/// <summary>What the chat endpoint does with requests that are no judging question, with streams, and after a restart.</summary>
public sealed class ChatPassingTests
{
    private const string Whole = """{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18},"odd":[1,2]}""";

    [Theory]
    [InlineData("""{"model":"simulated-judge","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f"}}]}""")]
    [InlineData("""{"model":"simulated-judge","messages":[{"role":"user","content":"x"}],"n":4}""")]
    [InlineData("""{"model":"simulated-judge","messages":[{"role":"user","content":"x"}],"logprobs":true,"top_logprobs":5}""")]
    [InlineData("""{"model":"simulated-judge","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:,"}}]}]}""")]
    [InlineData("""{"model":"simulated-judge","messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"1"}]}""")]
    [InlineData("""{"model":"another-model","messages":[{"role":"user","content":"x"}],"seed":3}""")]
    public async Task What_is_no_judging_question_goes_through_as_it_is_and_is_charged(string body)
    {
        await using ChatEndpoint endpoint = await ChatEndpoint.StartAsync("application/json", Whole);
        await using Bed bed = await StartAsync(endpoint);
        using HttpResponseMessage answer = await AskAsync(bed, body);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(Whole, await answer.Content.ReadAsStringAsync(Bed.Cancel));
        Assert.Equal([body], endpoint.Asked);
        Assert.Equal(18, bed.Desk.Spending.Of("alice").Tokens);
        Assert.Equal(0, bed.Desk.Counts.Judgements);
    }

    [Fact]
    public async Task The_votes_own_name_means_the_judges_model_to_the_judge()
    {
        await using ChatEndpoint endpoint = await ChatEndpoint.StartAsync("application/json", Whole);
        await using Bed bed = await StartAsync(endpoint);
        using HttpResponseMessage answer = await AskAsync(bed, """{"model":"tribunal","messages":[{"role":"user","content":"x"}],"n":2}""");
        Assert.Equal("simulated-judge", JsonSerializer.Deserialize<JsonElement>(Assert.Single(endpoint.Asked)).GetProperty("model").GetString());
    }

    [Fact]
    public async Task A_stream_goes_through_in_its_pieces_and_is_charged_although_the_client_asked_for_no_usage()
    {
        const string pieces = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
        await using ChatEndpoint endpoint = await ChatEndpoint.StartAsync("text/event-stream", pieces + "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":4}}\n\ndata: [DONE]\n\n");
        await using Bed bed = await StartAsync(endpoint);
        using HttpResponseMessage answer = await AskAsync(bed, """{"model":"another","messages":[{"role":"user","content":"x"}],"stream":true}""");
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal(pieces + "data: [DONE]\n\n", await answer.Content.ReadAsStringAsync(Bed.Cancel));
        Assert.Equal(9, bed.Desk.Spending.Of("alice").Tokens);
    }

    [Fact]
    public async Task A_refusal_of_the_judges_comes_back_in_its_own_words_and_costs_nothing()
    {
        await using ChatEndpoint endpoint = await ChatEndpoint.StartAsync("application/json", """{"error":{"message":"no such model"}}""", StatusCodes.Status404NotFound);
        await using Bed bed = await StartAsync(endpoint);
        using HttpResponseMessage answer = await AskAsync(bed, """{"model":"another","messages":[{"role":"user","content":"x"}]}""");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("""{"error":{"message":"no such model"}}""", await answer.Content.ReadAsStringAsync(Bed.Cancel));
        Assert.Equal(0, bed.Desk.Spending.Of("alice").Tokens);
    }

    [Fact]
    public async Task What_a_client_says_of_sampling_reaches_the_judge_in_a_vote()
    {
        await using ChatEndpoint endpoint = await ChatEndpoint.StartAsync("application/json", """{"choices":[{"index":0,"message":{"role":"assistant","content":"Score: 7"},"finish_reason":"stop"}]}""");
        await using Bed bed = await StartAsync(endpoint);
        using HttpResponseMessage answer = await AskAsync(bed, """{"model":"judge","messages":[{"role":"user","content":"x"}],"stop":["END"],"top_k":3,"tools":[],"user":"me","response_format":{"type":"json_object"}}""");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(8, endpoint.Asked.Count);
        JsonElement asked = JsonSerializer.Deserialize<JsonElement>(endpoint.Asked[0]);
        Assert.Equal("END", asked.GetProperty("stop")[0].GetString());
        Assert.Equal(3, asked.GetProperty("top_k").GetInt32());
        Assert.Equal("json_object", asked.GetProperty("response_format").GetProperty("type").GetString());
        Assert.False(asked.TryGetProperty("user", out _) || asked.TryGetProperty("tools", out _));
    }

    [Fact]
    public async Task A_vote_as_a_stream_is_well_formed_and_costs_once_with_the_plain_one()
    {
        await using Bed bed = await Bed.StartAsync();
        string question = Question();
        JsonElement plain = await bed.AskAsync("/v1/chat/completions", new { model = "judge", messages = new[] { new { role = "user", content = question } } });
        long drawn = bed.Desk.Counts.Judgements;
        using HttpResponseMessage answer = await bed.PostAsync("/v1/chat/completions", new { model = "judge", messages = new[] { new { role = "user", content = question } }, stream = true, stream_options = new { include_usage = true } });
        string[] events = (await answer.Content.ReadAsStringAsync(Bed.Cancel)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.All(events, static one => Assert.StartsWith("data: ", one, StringComparison.Ordinal));
        Assert.Equal("data: [DONE]", events[^1]);
        JsonElement[] chunks = [.. events[..^1].Select(static one => JsonSerializer.Deserialize<JsonElement>(one["data: ".Length..]))];
        Assert.All(chunks, static chunk => Assert.Equal("chat.completion.chunk", chunk.GetProperty("object").GetString()));
        Assert.Equal(plain.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), chunks[0].GetProperty("choices")[0].GetProperty("delta").GetProperty("content").GetString());
        Assert.Equal(JsonValueKind.Null, chunks[0].GetProperty("choices")[0].GetProperty("finish_reason").ValueKind);
        Assert.Equal("stop", chunks[1].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal(0, chunks[2].GetProperty("choices").GetArrayLength());
        Assert.Equal(plain.GetProperty("usage").GetRawText(), chunks[2].GetProperty("usage").GetRawText());
        Assert.Equal(drawn, bed.Desk.Counts.Judgements);
    }

    [Fact]
    public async Task After_a_restart_the_record_answers_the_same_question()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("tribunal-chat-");
        try
        {
            object body = new { model = "judge", messages = new[] { new { role = "user", content = Question() } } };
            string first;
            await using (Bed bed = await Bed.StartAsync(folder: folder))
            {
                first = (await bed.AskAsync("/v1/chat/completions", body)).GetRawText();
            }

            await using Bed again = await Bed.StartAsync(folder: folder);
            Assert.Equal(first, (await again.AskAsync("/v1/chat/completions", body)).GetRawText());
            Assert.Equal(0, again.Judge.Stats.Judge.Requests);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Question()
    {
        var rollout = new Rollout { Id = "x", Prompt = [new Message("user", "P")], Responses = [new("short"), new("a longer answer to P")] };
        return ProtocolCatalog.Resolve("grm", "m").Protocol.Compose(rollout, [0, 1]).Messages[^1].Content;
    }

    private static Task<Bed> StartAsync(ChatEndpoint endpoint) => Bed.StartAsync(keys: new ClientKeys(null, ("a-key", new ClientBudget("alice"))), address: endpoint.Address);

    private static Task<HttpResponseMessage> AskAsync(Bed bed, string body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/chat/completions", UriKind.Relative)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "a-key");
        return bed.Client.SendAsync(request, Bed.Cancel);
    }
}
