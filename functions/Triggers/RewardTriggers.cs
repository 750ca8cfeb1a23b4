using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Tribunal.RewardServer.Serving;
using Tribunal.RewardServer.Trainers;

namespace Tribunal.Functions.Triggers;

/// <summary>Rewards on demand, in the trainers' forms; the same handlers as <c>tribunal serve</c>. Every call needs a function key.</summary>
public sealed class RewardTriggers(RewardService rewards)
{
    /// <summary>OpenRLHF.</summary>
    [Function(nameof(RewardOpenRlhf))]
    public Task<IActionResult> RewardOpenRlhf([HttpTrigger(AuthorizationLevel.Function, "post", Route = "get_reward")] HttpRequest request, CancellationToken cancellationToken) =>
        AnswerAsync(request, static (handlers, body, client, cancel) => handlers.OpenRlhfAsync(body, client, cancel), cancellationToken);

    /// <summary>slime.</summary>
    [Function(nameof(RewardSlime))]
    public Task<IActionResult> RewardSlime([HttpTrigger(AuthorizationLevel.Function, "post", Route = "slime")] HttpRequest request, CancellationToken cancellationToken) =>
        AnswerAsync(request, static (handlers, body, client, cancel) => handlers.SlimeAsync(body, client, cancel), cancellationToken);

    /// <summary>NeMo Gym.</summary>
    [Function(nameof(RewardCompare))]
    public Task<IActionResult> RewardCompare([HttpTrigger(AuthorizationLevel.Function, "post", Route = "compare")] HttpRequest request, CancellationToken cancellationToken) =>
        AnswerAsync(request, static (handlers, body, client, cancel) => handlers.GymAsync(body, client, cancel), cancellationToken);

    /// <summary>NeMo Gym's training.</summary>
    [Function(nameof(RewardVerify))]
    public Task<IActionResult> RewardVerify([HttpTrigger(AuthorizationLevel.Function, "post", Route = "verify")] HttpRequest request, CancellationToken cancellationToken) =>
        AnswerAsync(request, static (handlers, body, client, cancel) => handlers.GymVerifyAsync(body, client, cancel), cancellationToken);

    /// <summary>Our own form, without jobs: instances come and go.</summary>
    [Function(nameof(Rewards))]
    public Task<IActionResult> Rewards([HttpTrigger(AuthorizationLevel.Function, "post", Route = "v1/rewards")] HttpRequest request, CancellationToken cancellationToken) =>
        AnswerAsync(request, static (handlers, body, client, cancel) => handlers.RewardsAsync(body, client, cancel), cancellationToken);

    private async Task<IActionResult> AnswerAsync(HttpRequest request, Func<RewardHandlers, ReadOnlyMemory<byte>, string, CancellationToken, Task<HttpAnswer>> handle, CancellationToken cancellationToken)
    {
        if (await RequestBody.ReadAsync(request, (int)RewardApplication.MaxBody, cancellationToken) is not { } body)
        {
            return Send(request, RewardHandlers.Refuse(StatusCodes.Status413PayloadTooLarge, "too large", $"a request holds at most {RewardApplication.MaxBody} bytes"));
        }

        RewardHandlers handlers = await rewards.HandlersAsync(cancellationToken);
        return Send(request, await handle(handlers, body, RequestClient.Of(request.HttpContext), cancellationToken));
    }

    private static ContentResult Send(HttpRequest request, HttpAnswer answer)
    {
        foreach ((string name, string value) in answer.Headers)
        {
            request.HttpContext.Response.Headers[name] = value;
        }

        return new ContentResult { StatusCode = answer.Status, ContentType = answer.ContentType, Content = System.Text.Encoding.UTF8.GetString(answer.Body.Span) };
    }
}
