using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Tribunal.Inference.Endpoints;
using Tribunal.Protocols;

namespace Tribunal.Inference.Tests;

public sealed class HealthTests
{
    private const string Served = """{"object":"list","data":[{"id":"judge-7b"},{"id":"other"}]}""";

    public static TheoryData<int, int, string, bool, string> States => new()
    {
        { 200, 200, Served, true, "serves judge-7b" },
        { 404, 200, Served, true, "serves judge-7b" },
        { 404, 404, "", true, "serves judge-7b" },
        { 200, 200, "garbage", true, "serves judge-7b" },
        { 503, 200, Served, false, "not ready yet (503" },
        { 500, 200, Served, false, "answers with an error (500" },
        { 200, 401, "", false, "does not accept the key in JUDGE_KEY (401)" },
        { 401, 401, "", false, "does not accept the key in JUDGE_KEY (401)" },
        { 200, 403, "", false, "refuses the key in JUDGE_KEY" },
        { 307, 200, Served, false, "redirects elsewhere" },
        { 200, 200, """{"data":[{"id":"a"},{"id":"b"}]}""", false, "does not serve 'judge-7b'; it serves a, b" },
    };

    [Theory, MemberData(nameof(States))]
    public async Task An_endpoint_is_described_in_words(int health, int models, string body, bool ready, string words)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => c.Request.Path == "/health"
            ? c.Json("", health)
            : c.Json(c.Request.Path == "/v1/models" ? body : "", c.Request.Path == "/v1/models" ? models : 404));
        JudgeHealth state = await CheckAsync(endpoint.V1, TestContext.Current.CancellationToken);
        Assert.Equal(ready, state.Ready);
        Assert.Contains(words, state.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", state.Detail, StringComparison.Ordinal);
        Assert.All(endpoint.Requests, static r => Assert.Equal("Bearer sk-secret-42", r.Headers["Authorization"]));
    }

    [Fact]
    public async Task Nothing_listening_is_said()
    {
        Uri nowhere = Endpoint.Nowhere();
        JudgeHealth state = await CheckAsync(nowhere, TestContext.Current.CancellationToken);
        Assert.Equal(new JudgeHealth(false, $"nothing listens at 127.0.0.1:{nowhere.Port}"), state);
    }

    [Fact]
    public async Task The_caller_can_give_up()
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(static c => c.Json("{}"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CheckAsync(endpoint.V1, new CancellationToken(canceled: true)));
    }

    private static async Task<JudgeHealth> CheckAsync(Uri endpoint, CancellationToken cancellationToken)
    {
        // Nobody moves the clock: no answer is too late.
        using var factory = new JudgeFactory(static _ => "sk-secret-42", null, new FakeTimeProvider());
        return await factory.Create(new JudgeEndpointOptions { Name = "judge", Endpoint = endpoint, Model = "judge-7b", ApiKeyEnv = "JUDGE_KEY" })
            .CheckHealthAsync(cancellationToken);
    }
}
