using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Tribunal.Formats.Batches;
using Tribunal.RewardServer.Judging;
using Tribunal.RewardServer.Trainers;

namespace Tribunal.RewardServer.Tests.Issues;

/// <summary>Requests as the world sends them: broken texts, odd samples, decoded templates, pages in a browser.</summary>
public sealed class RequestTests
{
    private const string Bos = "<｜begin▁of▁sentence｜>";
    private const string Eos = "<｜end▁of▁sentence｜>";

    [Theory]
    [InlineData("/slime", """{"prompt":"\ud800","response":"a"}""")]
    [InlineData("/slime", """{"prompt":"x","response":"a","label":"\ud800"}""")]
    [InlineData("/slime", """{"prompt":"\ud83d","response":"\udc00 and \u0000"}""")]
    [InlineData("/compare", """{"conversation_history":[{"role":"\ud800","content":"x"}],"response_objs":[{},{}]}""")]
    [InlineData("/compare", """{"conversation_history":[{"role":"user","content":"x"}],"response_objs":[{"output":[{"type":"message","content":[{"type":"output_text","text":"\ud800"}]}]},{}]}""")]
    [InlineData("/v1/rewards", """{"rollouts":[{"prompt":"p1","responses":["fine","also fine"]},{"prompt":"p2","responses":["cut \ud83d","whole \ud83d\ude00"]}]}""")]
    public async Task Half_a_character_gets_its_reward_and_disturbs_nobody(string path, string body)
    {
        await using Bed bed = await Bed.StartAsync();
        using HttpResponseMessage response = await bed.PostTextAsync(path, body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public void Only_halves_of_characters_are_mended()
    {
        Assert.Equal("""{"a":"\ufffd","b":"\ud83d\ude00","c":"\\ud800","d":"\ufffdx","e":"\ufffd\u0041"}""", Mended("""{"a":"\ud800","b":"\ud83d\ude00","c":"\\ud800","d":"\udc00x","e":"\ud800\u0041"}"""));
        byte[] bytes = [.. "\"a"u8, 0xC3, .. "\""u8];
        Assert.Equal("\"a\uFFFD\"", Encoding.UTF8.GetString(WholeText.Of(bytes).Span));

        static string Mended(string json) => Encoding.UTF8.GetString(WholeText.Of(Encoding.UTF8.GetBytes(json)).Span);
    }

    [Fact]
    public async Task One_odd_sample_has_no_reward_and_the_others_have_theirs()
    {
        await using Bed bed = await Bed.StartAsync(new RewardOptions { Gather = TimeSpan.Zero });
        JsonElement own = await bed.AskAsync("/v1/rewards", new { rollouts = new object[] { new { prompt = "a", responses = new[] { "b", "c" } }, 7, new { prompt = "a", responses = Array.Empty<string>() } } });
        Assert.Equal(["scored", "unscorable", "unscorable"], own.GetProperty("results").EnumerateArray().Select(static result => result.GetProperty("status").GetString()));
        JsonElement rlhf = await bed.AskAsync("/get_reward", new { query = new[] { "pa", null }, prompts = new[] { "p", "p" }, labels = new object?[] { null, null } });
        Assert.Equal([JsonValueKind.Number, JsonValueKind.Null], rlhf.GetProperty("rewards").EnumerateArray().Select(static reward => reward.ValueKind));
    }

    [Fact]
    public async Task OpenRLHF_gets_the_users_number_in_place_of_null_and_it_is_counted()
    {
        await using Bed bed = await Bed.StartAsync(new RewardOptions { Gather = TimeSpan.Zero, NullReward = 0.25 }, protocol: "rm-r1");
        JsonElement answer = await bed.AskAsync("/get_reward", new { query = new[] { "pa", "qb" }, prompts = new[] { "p", "q" }, labels = new object?[] { null, null } });
        Assert.Equal([0.25, 0.25], answer.GetProperty("rewards").Deserialize<double[]>()!);
        Assert.Equal([0, 0], answer.GetProperty("extra_logs").GetProperty("scored").Deserialize<double[]>()!);
        Assert.Equal(2, bed.Desk.Counts.Replaced);
    }

    [Fact]
    public async Task A_single_rollout_is_a_request()
    {
        await using Bed bed = await Bed.StartAsync();
        JsonElement answer = await bed.AskAsync("/v1/rewards", new { id = "mine", prompt = "Q?", responses = new[] { "a", "b" } });
        Assert.Equal("mine", answer.GetProperty("results")[0].GetProperty("id").GetString());
    }

    [Theory]
    [InlineData("<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nQ?<|im_end|>\n<|im_start|>assistant\n", "A<|im_end|><|endoftext|><|endoftext|>", "system: S / user: Q?")]
    [InlineData("<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nQ?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n", "A<|eot_id|><|finetune_right_pad_id|>", "user: Q?")]
    [InlineData("<bos><start_of_turn>user\nQ?<end_of_turn>\n<start_of_turn>model\n", "A<end_of_turn><eos><pad><pad>", "user: Q?")]
    [InlineData("<s>[INST] Q? [/INST]", " A</s>", "user: Q?")]
    [InlineData("<s>[INST] <<SYS>>\nS\n<</SYS>>\n\nQ1? [/INST] A1 </s><s>[INST] Q2? [/INST]", " A</s>", "system: S / user: Q1? / assistant: A1 / user: Q2?")]
    [InlineData(Bos + "S<｜User｜>Q?<｜Assistant｜><think>\n", "hm</think>A" + Eos, "system: S / user: Q?")]
    [InlineData("<|user|>\nQ?<|end|>\n<|assistant|>\n", "A<|end|><|endoftext|>", "user: Q?")]
    [InlineData("<BOS_TOKEN><|START_OF_TURN_TOKEN|><|USER_TOKEN|>Q?<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>", "A<|END_OF_TURN_TOKEN|>", "user: Q?")]
    [InlineData("Q?", "A", "user: Q?")]
    public void Decoded_texts_are_read_without_their_templates(string prompt, string response, string turns)
    {
        foreach (string padding in (string[])["", "<|endoftext|><|endoftext|>", "<pad><s> "])
        {
            Assert.Equal(turns, string.Join(" / ", TrainerText.Prompt(prompt).Select(static turn => $"{turn.Role}: {turn.Content}")));
            Assert.Equal("A", TrainerText.Response(padding + prompt + response, prompt).Trim());
        }
    }

    [Theory]
    [InlineData("evil.example", null)]
    [InlineData(null, "http://evil.example")]
    [InlineData(null, "null")]
    public async Task A_page_in_a_browser_can_spend_nothing(string? host, string? origin)
    {
        await using Bed bed = await Bed.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/rewards", UriKind.Relative)) { Content = new StringContent("""{"prompt":"P","responses":["x","y"]}""", MediaTypeHeaderValue.Parse("text/plain")) };
        request.Headers.Host = host;
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        using HttpResponseMessage response = await bed.Client.SendAsync(request, Bed.Cancel);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal(0, bed.Judge.Stats.Judge.Requests);
    }

    [Fact]
    public async Task Without_the_key_health_tells_no_more_than_whether_the_judge_answers()
    {
        await using Bed bed = await Bed.StartAsync(apiKey: "correct horse");
        Assert.Equal("""{"ready":true}""", await bed.Client.GetStringAsync(new Uri("/healthz", UriKind.Relative), Bed.Cancel));
        bed.Client.DefaultRequestHeaders.Authorization = new("Bearer", "correct horse");
        Assert.Contains("detail", await bed.Client.GetStringAsync(new Uri("/healthz", UriKind.Relative), Bed.Cancel), StringComparison.Ordinal);
    }
}
