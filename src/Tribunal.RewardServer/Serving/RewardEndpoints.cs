using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tribunal.Protocols;
using Tribunal.RewardServer.Judging;
using Tribunal.RewardServer.Trainers;

namespace Tribunal.RewardServer.Serving;

/// <summary>The reward server's routes.</summary>
internal static class RewardEndpoints
{
    private static readonly string[] Open = ["/healthz", "/openapi"];

    /// <summary>Adds the routes; the services must hold a <see cref="RewardDesk"/>, its <see cref="RewardHost"/> and a <see cref="StateLog"/>.</summary>
    /// <param name="application">The application.</param>
    /// <param name="keys">The keys that clients must send as <c>Authorization: Bearer</c> or <c>X-Api-Key</c>; none lets everyone in.</param>
    public static void MapRewards(this WebApplication application, ClientKeys keys)
    {
        ArgumentNullException.ThrowIfNull(application);
        ArgumentNullException.ThrowIfNull(keys);
        application.Use(static (context, next) => RequestClient.WhyRefused(context) is { } why
            ? Send(context, RewardHandlers.Refuse(StatusCodes.Status403Forbidden, "not from here", why))
            : next(context));
        if (keys.Wanted)
        {
            application.Use((context, next) => EnterAsync(context, keys, next));
        }

        MapForms(application);
        MapStatus(application, keys);
    }

    private static async Task EnterAsync(HttpContext context, ClientKeys keys, RequestDelegate next)
    {
        bool open = context.Request.Path == "/" || Open.Any(path => context.Request.Path.StartsWithSegments(path, StringComparison.Ordinal));
        if (!keys.Knows(context.Request.Headers, out ClientBudget? client))
        {
            await (open ? next(context) : Send(context, RewardHandlers.Refuse(StatusCodes.Status401Unauthorized, "no key", "this server wants an API key")));
            return;
        }

        if (HttpMethods.IsPost(context.Request.Method) && client is not null
            && await context.RequestServices.GetRequiredService<RewardDesk>().Spending.EnterAsync(client) is { } why)
        {
            await Send(context, RewardHandlers.Refuse(StatusCodes.Status403Forbidden, "the budget is spent", why));
            return;
        }

        ClientBudget.Current = client;
        await next(context);
    }

    private static void MapForms(WebApplication application)
    {
        foreach (string path in (string[])["/get_reward", "/openrlhf"])
        {
            Post<OpenRlhfRequest, OpenRlhfAnswer>(application, path, "Rewards as OpenRLHF asks for them", static (host, body, client, cancel) => host.Rewards.OpenRlhfAsync(body, client, cancel));
        }

        Post<SlimeRequest, double?>(application, "/slime", "A reward as slime asks for it", static (host, body, client, cancel) => host.Rewards.SlimeAsync(body, client, cancel));
        Post<GymRequest, GymAnswer>(application, "/compare", "Rewards as NeMo Gym asks for them", static (host, body, client, cancel) => host.Rewards.GymAsync(body, client, cancel));
        Post<GymVerifyRequest, GymVerifyAnswer>(application, "/verify", "A reward as NeMo Gym's training asks for it", static (host, body, client, cancel) => host.Rewards.GymVerifyAsync(body, client, cancel));
        Post<GymVerifyRequest, GymVerifyAnswer>(application, "/ng-rollout/{rollout}/verify", "The same where Gym observes its rollouts", static (host, body, client, cancel) => host.Rewards.GymVerifyAsync(body, client, cancel));
        Post<RewardsRequest, RewardsAnswer>(application, "/v1/rewards", "Rewards for one rollout or many, at once or as a job", static (host, body, client, cancel) => host.Rewards.RewardsAsync(body, client, cancel))
            .Produces<RewardJob>(StatusCodes.Status202Accepted);
        application.MapGet("/v1/jobs/{id}", static async (string id, RewardHost host, CancellationToken cancel) => new Sent(await host.Rewards.JobAsync(id, cancel)))
            .WithSummary("How a job stands").Produces<RewardJob>().Produces<Problem>(StatusCodes.Status404NotFound, "application/problem+json");
        foreach (string path in (string[])["/seed_session", "/ng-rollout/{rollout}/seed_session"])
        {
            Post<JsonElement, JsonElement>(application, path, "NeMo Gym's session, which needs nothing here", static (_, _, _, _) => RewardHandlers.GymSessionAsync());
        }

        Post<GymMetricsRequest, GymMetricsAnswer>(application, "/aggregate_metrics", "NeMo Gym's figures over answers to /verify", static (_, body, _, _) => RewardHandlers.GymMetricsAsync(body));
        application.MapGet("/reverify_mode", static () => Results.Text("\"unknown\"", "application/json")).WithSummary("Whether NeMo Gym may verify again").Produces<string>();
        Post<RollTask, RollAccepted>(application, "/roll/submit_task", "A task as ROLL submits it", static (host, body, client, cancel) => host.Roll.SubmitAsync(body, client, cancel));
        Post<RollPoll, RollResult>(application, "/roll/task_result", "How a task of ROLL's stands; the body names it", static (host, body, client, cancel) => host.Roll.ResultAsync(body, client, cancel), "GET");
        Post<ChatRequest, ChatCompletion>(application, "/v1/chat/completions", "A judge as an OpenAI endpoint: the vote of several answers in the form of one", static (host, body, client, cancel) => host.Chat.CompleteAsync(body, client, cancel));
        application.MapGet("/v1/models", static (RewardHost host) => new Sent(host.Chat.Models())).WithSummary("The judge's model").Produces<ChatModels>();
    }

    private static void MapStatus(WebApplication application, ClientKeys keys)
    {
        application.MapGet("/", async (HttpContext context, RewardDesk desk, CancellationToken cancel) =>
        {
            JudgeHealth health = await desk.HealthAsync(cancel);
            context.Response.Headers.ContentSecurityPolicy = StatusPage.ContentPolicy;
            context.Response.Headers.XContentTypeOptions = "nosniff";
            context.Response.Headers.CacheControl = "no-store";
            return Results.Text(StatusPage.Of(desk, health, keys.Clients, !keys.Wanted || keys.Knows(context.Request.Headers, out _), context.Request.Query.ContainsKey("live")), "text/html; charset=utf-8");
        }).ExcludeFromDescription();
        application.MapGet("/healthz", async (HttpContext context, RewardDesk desk, CancellationToken cancel) =>
        {
            JudgeHealth health = await desk.HealthAsync(cancel);

            // What stands behind the server is told to those who may use it.
            RewardHealth state = !keys.Wanted || keys.Knows(context.Request.Headers, out _)
                ? new RewardHealth(health.Ready, health.Detail, desk.Waiting, desk.Counts.Judgements, desk.Counts.Remembered)
                : new RewardHealth(health.Ready, null, null, null, null);
            return Results.Json(state, TrainerJson.Default.RewardHealth, statusCode: health.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
        }).WithSummary("Whether the judge answers");
    }

    private static RouteHandlerBuilder Post<TRequest, TAnswer>(
        WebApplication application, string path, string summary, Func<RewardHost, ReadOnlyMemory<byte>, string, CancellationToken, Task<HttpAnswer>> handle, string method = "POST")
        where TRequest : notnull =>
        application.MapMethods(path, [method], async Task<IResult> (HttpContext context) =>
            {
                using var body = new MemoryStream();
                try
                {
                    await context.Request.Body.CopyToAsync(body, context.RequestAborted);
                }
                catch (BadHttpRequestException exception)
                {
                    return new Sent(RewardHandlers.Refuse(exception.StatusCode, "the request can't be read", exception.Message));
                }

                long start = Stopwatch.GetTimestamp();
                HttpAnswer answer = await handle(context.RequestServices.GetRequiredService<RewardHost>(), body.GetBuffer().AsMemory(0, (int)body.Length), RequestClient.Of(context), context.RequestAborted);
                RewardCounts.Answered(path, answer.Status, Stopwatch.GetElapsedTime(start));
                context.RequestServices.GetRequiredService<StateLog>().See(answer.Status, answer.Status >= 400 ? Encoding.UTF8.GetString(answer.Body.Span) : "");
                return new Sent(answer);
            })
            .WithSummary(summary)
            .Accepts<TRequest>("application/json", "*/*")
            .Produces<TAnswer>()
            .Produces<Problem>(StatusCodes.Status400BadRequest, "application/problem+json")
            .Produces<Problem>(StatusCodes.Status429TooManyRequests, "application/problem+json")
            .Produces<Problem>(StatusCodes.Status503ServiceUnavailable, "application/problem+json");

    private static async Task Send(HttpContext context, HttpAnswer answer)
    {
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = answer.ContentType;
        foreach ((string name, string value) in answer.Headers)
        {
            context.Response.Headers[name] = value;
        }

        await answer.WriteToAsync(context.Response.Body, context.RequestAborted);
    }

    internal sealed class Sent(HttpAnswer answer) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => Send(httpContext, answer);
    }
}
