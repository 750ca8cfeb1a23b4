using System.Globalization;
using System.Text.Json.Nodes;
using Tribunal.Inference.Endpoints;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Protocols.Declared;
using Tribunal.Rollouts;

namespace Tribunal.Inference.Tests;

/// <summary>Every protocol of the catalog over real HTTP: prompt, request fields, an overloaded server at first, answer, reading.</summary>
public sealed class CatalogOverHttpTests
{
    private static readonly Rollout Asked = new()
    {
        Id = "r",
        Prompt = [new Message("user", "What is 17 + 25?")],
        Responses = [new Response("42"), new Response("43")],
        Reference = "42",
    };

    public static TheoryData<string, bool> Entries
    {
        get
        {
            var rows = new TheoryData<string, bool>();
            // Those that read probabilities, and those that grade by a rubric, are answered by the simulated judge (CatalogRunTests).
            foreach (string name in DeclaredCatalog.Names.Where(static name =>
                DeclaredCatalog.Of(name).Definition is { Kind: not ProtocolKind.Rubric } file && file.Read?.Locator != Locator.Probability))
            {
                rows.Add(name, false);
                rows.Add(name, true);
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Entries))]
    public async Task An_entry_is_asked_and_read(string name, bool stream)
    {
        DeclaredProtocol protocol = DeclaredCatalog.Of(name);
        bool onebyone = protocol.Definition.Kind is ProtocolKind.Pointwise or ProtocolKind.Scalar;
        ProtocolExample[] valid = [.. protocol.Definition.Examples.Where(e => e.Responses == (onebyone ? 1 : 2) && (e.Winner is not null || e.Scores is not null))];
        await using Endpoint endpoint = await Endpoint.StartAsync(async (context, number) =>
        {
            if (number == 0)
            {
                context.Response.StatusCode = 503;
                return;
            }

            string answer = valid[(number - 1) % 2].Answer;
            if (context.Request.Path.Value!.EndsWith("/classify", StringComparison.Ordinal))
            {
                await context.Json($$"""{"data":[{"index":0,"probs":[{{answer}}]}]}""");
                return;
            }

            await context.Complete(stream, new JsonObject { ["role"] = "assistant", ["content"] = answer }.ToJsonString());
        });
        using var factory = new JudgeFactory(static _ => null, null, null, firstDelay: TimeSpan.FromMilliseconds(1));
        IJudge judge = factory.Create(new JudgeEndpointOptions { Name = "judge", Endpoint = endpoint.V1, Model = "m", Stream = stream ? StreamMode.On : StreamMode.Off });
        JudgePrompt prompt = protocol.Compose(Asked, [0, 1]);
        JudgeReply reply = await judge.AskAsync(
            prompt,
            new JudgeQuestion { Messages = prompt.Messages, Temperature = protocol.Defaults.Temperature, MaxTokens = protocol.Defaults.MaxTokens, Fields = prompt.Fields, Scalar = prompt.Scalar },
            TestContext.Current.CancellationToken);
        Judgement judgement = JudgementReader.Read("r", 0, 0, protocol, "judge", [0, 1], protocol.Kind == JudgingKind.Pairwise ? [0, 1] : null, reply);

        Assert.True(judgement.Outcome == JudgementOutcome.Valid, judgement.Why);
        Assert.Equal(onebyone ? 3 : 2, endpoint.Requests.Count);
        if (protocol.Kind == JudgingKind.Pairwise)
        {
            Assert.Equal(valid[0].Winner - 1, judgement.Winner);
        }
        else if (protocol.Definition.Kind == ProtocolKind.Scalar)
        {
            double reward = double.Parse(valid[1].Answer, CultureInfo.InvariantCulture);
            Assert.Equal(0.5 + (reward / (2 * (1 + Math.Abs(reward)))), judgement.Scores![1], 12);
            Assert.Equal(reward, judgement.Logits![1]);
        }
        else
        {
            Assert.Equal(onebyone ? [valid[0].Scores![0], valid[1].Scores![0]] : valid[0].Scores!, judgement.Scores!);
        }

        JsonNode sent = endpoint.Requests.Last().Json;
        Assert.Equal(protocol.Definition.Request.Schema is not null, sent["response_format"] is not null);
        string[] roles = [.. (prompt.Parts?[^1] ?? prompt.Messages).Select(static m => m.Role)];
        if (sent["messages"] is JsonArray messages)
        {
            Assert.Equal(roles, messages.Select(static m => (string)m!["role"]!));
        }
    }

    [Fact]
    public async Task A_server_that_refuses_structured_output_is_asked_without_it_from_then_on()
    {
        DeclaredProtocol protocol = DeclaredCatalog.Of("general-pair");
        await using Endpoint endpoint = await Endpoint.StartAsync(async (context, number) =>
            await (number == 0
                ? context.Json("""{"error":{"message":"response_format json_schema is not supported","type":"invalid_request_error","code":400}}""", 400)
                : context.Complete(false, new JsonObject { ["content"] = protocol.Definition.Examples[0].Answer }.ToJsonString())));
        using var factory = new JudgeFactory(static _ => null, null, null, firstDelay: TimeSpan.FromMilliseconds(1));
        IJudge judge = factory.Create(new JudgeEndpointOptions { Name = "judge", Endpoint = endpoint.V1, Model = "m", Stream = StreamMode.Off });
        JudgePrompt prompt = protocol.Compose(Asked, [0, 1]);
        for (int i = 0; i < 2; i++)
        {
            JudgeReply reply = await judge.AskAsync(prompt, new JudgeQuestion { Messages = prompt.Messages, MaxTokens = 100, Fields = prompt.Fields }, TestContext.Current.CancellationToken);
            Assert.Equal(0, protocol.Read(reply, 2).Winner);
        }

        Assert.Equal([true, false, false], endpoint.Requests.Select(static r => r.Json["response_format"] is not null));
    }

    [Fact]
    public async Task However_many_ask_at_once_a_refusal_of_structured_output_fails_none_of_them_and_is_said_once()
    {
        const int AtOnce = 24;
        DeclaredProtocol protocol = DeclaredCatalog.Of("general-pair");
        var all = new TaskCompletionSource();
        int held = 0;
        await using Endpoint endpoint = await Endpoint.StartAsync(async (context, number) =>
        {
            context.Request.Body.Position = 0;
            if (JsonNode.Parse(await new StreamReader(context.Request.Body).ReadToEndAsync(TestContext.Current.CancellationToken))!["response_format"] is null)
            {
                await context.Complete(false, new JsonObject { ["content"] = protocol.Definition.Examples[0].Answer }.ToJsonString());
                return;
            }

            if (Interlocked.Increment(ref held) == AtOnce)
            {
                all.SetResult();
            }

            await all.Task;
            await context.Json("""{"error":{"message":"response_format json_schema is not supported","type":"invalid_request_error","code":400}}""", 400);
        });
        var log = new LogLines();
        using var factory = new JudgeFactory(static _ => null, log, null, firstDelay: TimeSpan.FromMilliseconds(1));
        IJudge judge = factory.Create(new JudgeEndpointOptions { Name = "judge", Endpoint = endpoint.V1, Model = "m", Stream = StreamMode.Off, Concurrency = AtOnce });
        JudgeReply[] replies = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(i =>
        {
            JudgePrompt prompt = protocol.Compose(Asked with { Id = $"r{i}", Prompt = [new Message("user", $"Question {i}?")] }, [0, 1]);
            return judge.AskAsync(prompt, new JudgeQuestion { Messages = prompt.Messages, MaxTokens = 100, Fields = prompt.Fields }, TestContext.Current.CancellationToken);
        }));
        Assert.All(replies, reply => Assert.Equal(0, protocol.Read(reply, 2).Winner));
        Assert.Equal((AtOnce, 2 * AtOnce), (held, endpoint.Requests.Count));
        Assert.Single(log.Lines, static line => line.Event == JudgeFactory.NoStructuredOutput);
    }
}
