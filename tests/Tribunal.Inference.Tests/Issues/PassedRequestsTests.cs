using System.Net;
using Microsoft.AspNetCore.Http;
using Tribunal.Inference.Endpoints;
using Tribunal.Judgements;
using Tribunal.Protocols;

namespace Tribunal.Inference.Tests.Issues;

/// <summary>Chat requests that went through to the judge were not counted: a hundred clients sent a hundred at once, whatever the concurrency was.</summary>
public sealed class PassedRequestsTests
{
    [Fact]
    public async Task No_more_are_under_way_than_the_endpoint_may_be_asked_at_once()
    {
        int underWay = 0, most = 0;
        await using Endpoint endpoint = await Endpoint.StartAsync(async c =>
        {
            most = Math.Max(most, Interlocked.Increment(ref underWay));

            // Long enough for another to come meanwhile, if one were let.
            await Task.Delay(100, TestContext.Current.CancellationToken);
            Interlocked.Decrement(ref underWay);
            await c.Json("""{"choices":[]}""");
        });
        IPassThrough judge = Judge(endpoint.V1);
        await Task.WhenAll(Enumerable.Range(0, 5).Select(async _ =>
        {
            using PassedAnswer answer = await judge.PassAsync("{}"u8.ToArray(), TestContext.Current.CancellationToken);
            await new StreamReader(answer.Body).ReadToEndAsync(TestContext.Current.CancellationToken);
        }));
        Assert.Equal(1, most);
    }

    [Fact]
    public async Task One_that_found_nobody_or_whose_answer_was_dropped_twice_leaves_the_place_it_had()
    {
        IPassThrough away = Judge(Endpoint.Nowhere());
        for (int i = 0; i < 3; i++)
        {
            await Assert.ThrowsAsync<JudgeException>(() => away.PassAsync("{}"u8.ToArray(), TestContext.Current.CancellationToken));
        }

        await using Endpoint endpoint = await Endpoint.StartAsync(static c => c.Json("""{"choices":[]}"""));
        IPassThrough judge = Judge(endpoint.V1);
        for (int i = 0; i < 3; i++)
        {
            PassedAnswer answer = await judge.PassAsync("{}"u8.ToArray(), TestContext.Current.CancellationToken);
            Assert.Equal((int)HttpStatusCode.OK, answer.Status);
            answer.Dispose();
            answer.Dispose();
        }
    }

    private static IPassThrough Judge(Uri address) => (IPassThrough)new JudgeFactory().Create(new JudgeEndpointOptions { Name = "judge", Endpoint = address, Model = "m", Concurrency = 1 });
}
