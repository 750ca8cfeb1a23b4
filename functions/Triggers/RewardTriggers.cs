using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Tribunal.RewardServer.Serving;
using Tribunal.RewardServer.Trainers;

namespace Tribunal.Functions.Triggers;

/// <summary>
/// Rewards on demand, in the trainers' forms; the same handlers as <c>tribunal serve</c>, at the same routes. Every call needs a function key.
/// What belongs to a server that stays (its page, its health and metrics) is the platform's here, or not there.
/// </summary>
public sealed class RewardTriggers(RewardService rewards)
{
    /// <summary>OpenRLHF.</summary>
    [Function(nameof(RewardOpenRlhf))]
    public Task<IActionResult> RewardOpenRlhf([HttpTrigger(AuthorizationLevel.Function, "post", Route = "get_reward")] HttpRequest request, CancellationToken cancellationToken) =>
        AnswerAsync(request, static (host, body, client, cancel) => host.Rewards.OpenRlhfAsync(body, client, cancel), cancellationToken);

    /// <summary>slime.</summary>
    [Function(nameof(RewardSlime))]
    public Task<IActionResult> RewardSlime([HttpTrigger(AuthorizationLevel.Function, "post", Route = "slime")] HttpRequest request, CancellationToken cancellationToken) =>
        AnswerAsync(request, static (host, body, client, cancel) => host.Rewards.SlimeAsync(body, client, cancel), cancellationToken);

    /// <summary>NeMo Gym.</summary>
    [Function(nameof(RewardCompare))]
    public Task<IActionResult> RewardCompare([HttpTrigger(AuthorizationLevel.Function, "post", Route = "compare")] HttpRequest request, CancellationToken cancellationToken) =>
        AnswerAsync(request, static (host, body, client, cancel) => host.Rewards.GymAsync(body, client, cancel), cancellationToken);

    /// <summary>NeMo Gym's training.</summary>
    [Function(nameof(RewardVerify))]
    public Task<IActionResult> RewardVerify([HttpTrigger(AuthorizationLevel.Function, "post", Route = "verify")] HttpRequest request, CancellationToken cancellationToken) =>
        AnswerAsync(request, static (host, body, client, cancel) => host.Rewards.GymVerifyAsync(body, client, cancel), cancellationToken);

    /// <summary>NeMo Gym's session.</summary>
    [Function(nameof(RewardSession))]
    public Task<IActionResult> RewardSession([HttpTrigger(AuthorizationLevel.Function, "post", Route = "seed_session")] HttpRequest request, CancellationToken cancellationToken) =>
        AnswerAsync(request, static (_, _, _, _) => RewardHandlers.GymSessionAsync(), cancellationToken);

    /// <summary>NeMo Gym's figures.</summary>
    [Function(nameof(RewardFigures))]
    public Task<IActionResult> RewardFigures([HttpTrigger(AuthorizationLevel.Function, "post", Route = "aggregate_metrics")] HttpRequest request, CancellationToken cancellationToken) =>
        AnswerAsync(request, static (_, body, _, _) => RewardHandlers.GymMetricsAsync(body), cancellationToken);

    /// <summary>ROLL submits.</summary>
    [Function(nameof(RewardRollSubmit))]
    public Task<IActionResult> RewardRollSubmit([HttpTrigger(AuthorizationLevel.Function, "post", Route = "roll/submit_task")] HttpRequest request, CancellationToken cancellationToken) =>
        AnswerAsync(request, static (host, body, client, cancel) => host.Roll.SubmitAsync(body, client, cancel), cancellationToken);

    /// <summary>ROLL asks how it stands; the body names the task.</summary>
    [Function(nameof(RewardRollResult))]
    public Task<IActionResult> RewardRollResult([HttpTrigger(AuthorizationLevel.Function, "get", Route = "roll/task_result")] HttpRequest request, CancellationToken cancellationToken) =>
        AnswerAsync(request, static (host, body, client, cancel) => host.Roll.ResultAsync(body, client, cancel), cancellationToken);

    /// <summary>A judge that is a vote.</summary>
    [Function(nameof(RewardChat))]
    public Task<IActionResult> RewardChat([HttpTrigger(AuthorizationLevel.Function, "post", Route = "v1/chat/completions")] HttpRequest request, CancellationToken cancellationToken) =>
        AnswerAsync(request, static (host, body, client, cancel) => host.Chat.CompleteAsync(body, client, cancel), cancellationToken);

    /// <summary>Its model.</summary>
    [Function(nameof(RewardModels))]
    public Task<IActionResult> RewardModels([HttpTrigger(AuthorizationLevel.Function, "get", Route = "v1/models")] HttpRequest request, CancellationToken cancellationToken) =>
        AnswerAsync(request, static (host, _, _, _) => Task.FromResult(host.Chat.Models()), cancellationToken);

    /// <summary>Our own form.</summary>
    [Function(nameof(Rewards))]
    public Task<IActionResult> Rewards([HttpTrigger(AuthorizationLevel.Function, "post", Route = "v1/rewards")] HttpRequest request, CancellationToken cancellationToken) =>
        AnswerAsync(request, static (host, body, client, cancel) => host.Rewards.RewardsAsync(body, client, cancel), cancellationToken);

    /// <summary>How a job stands. An instance that is polled for another's goes on with it.</summary>
    [Function(nameof(RewardJob))]
    public Task<IActionResult> RewardJob([HttpTrigger(AuthorizationLevel.Function, "get", Route = "v1/jobs/{id}")] HttpRequest request, string id, CancellationToken cancellationToken) =>
        AnswerAsync(request, (host, _, _, cancel) => host.Rewards.JobAsync(id, cancel), cancellationToken);

    private async Task<IActionResult> AnswerAsync(HttpRequest request, Func<RewardHost, ReadOnlyMemory<byte>, string, CancellationToken, Task<HttpAnswer>> handle, CancellationToken cancellationToken)
    {
        if (await RequestBody.ReadAsync(request, (int)RewardApplication.MaxBody, cancellationToken) is not { } body)
        {
            return new Sent(RewardHandlers.Refuse(StatusCodes.Status413PayloadTooLarge, "too large", $"a request holds at most {RewardApplication.MaxBody} bytes"));
        }

        RewardHost host = await rewards.HostAsync(cancellationToken);
        return new Sent(await handle(host, body, RequestClient.Of(request.HttpContext), cancellationToken));
    }

    /// <summary>An answer as it is, in pieces where it comes in pieces.</summary>
    private sealed class Sent(HttpAnswer answer) : IActionResult
    {
        public async Task ExecuteResultAsync(ActionContext context)
        {
            HttpResponse response = context.HttpContext.Response;
            response.StatusCode = answer.Status;
            response.ContentType = answer.ContentType;
            foreach ((string name, string value) in answer.Headers)
            {
                response.Headers[name] = value;
            }

            await answer.WriteToAsync(response.Body, context.HttpContext.RequestAborted);
        }
    }
}
