using System.Security.Cryptography;
using System.Text;
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

    /// <summary>Adds the routes; the services must hold a <see cref="RewardDesk"/> and <see cref="RewardHandlers"/>.</summary>
    /// <param name="application">The application.</param>
    /// <param name="apiKey">The key that clients must send as <c>Authorization: Bearer</c> or <c>X-Api-Key</c>; null lets everyone in.</param>
    public static void MapRewards(this WebApplication application, string? apiKey)
    {
        ArgumentNullException.ThrowIfNull(application);
        application.Use(static (context, next) => RequestClient.WhyRefused(context) is { } why
            ? Send(context, RewardHandlers.Refuse(StatusCodes.Status403Forbidden, "not from here", why))
            : next(context));
        byte[]? expected = apiKey is null ? null : SHA256.HashData(Encoding.UTF8.GetBytes(apiKey));
        if (expected is not null)
        {
            application.Use((context, next) => Open.Any(path => context.Request.Path.StartsWithSegments(path, StringComparison.Ordinal)) || Knows(context.Request.Headers, expected)
                ? next(context)
                : Send(context, RewardHandlers.Refuse(StatusCodes.Status401Unauthorized, "no key", "this server wants an API key")));
        }

        foreach (string path in (string[])["/get_reward", "/openrlhf"])
        {
            Post<OpenRlhfRequest, OpenRlhfAnswer>(application, path, "Rewards as OpenRLHF asks for them", static (handlers, body, client, cancel) => handlers.OpenRlhfAsync(body, client, cancel));
        }

        Post<SlimeRequest, double?>(application, "/slime", "A reward as slime asks for it", static (handlers, body, client, cancel) => handlers.SlimeAsync(body, client, cancel));
        Post<GymRequest, GymAnswer>(application, "/compare", "Rewards as NeMo Gym asks for them", static (handlers, body, client, cancel) => handlers.GymAsync(body, client, cancel));
        Post<GymVerifyRequest, GymVerifyAnswer>(application, "/verify", "A reward as NeMo Gym's training asks for it", static (handlers, body, client, cancel) => handlers.GymVerifyAsync(body, client, cancel));
        Post<RewardsRequest, RewardsAnswer>(application, "/v1/rewards", "Rewards for one rollout or many, at once or as a job", static (handlers, body, client, cancel) => handlers.RewardsAsync(body, client, cancel))
            .Produces<RewardJob>(StatusCodes.Status202Accepted);
        application.MapGet("/v1/jobs/{id}", static (string id, RewardHandlers handlers) => new Sent(handlers.Job(id)))
            .WithSummary("How a job stands").Produces<RewardJob>().Produces<Problem>(StatusCodes.Status404NotFound, "application/problem+json");
        application.MapGet("/healthz", async (HttpContext context, RewardDesk desk, CancellationToken cancel) =>
        {
            JudgeHealth health = await desk.HealthAsync(cancel);

            // What stands behind the server is told to those who may use it.
            RewardHealth state = expected is null || Knows(context.Request.Headers, expected)
                ? new RewardHealth(health.Ready, health.Detail, desk.Waiting, desk.Counts.Judgements, desk.Counts.Remembered)
                : new RewardHealth(health.Ready, null, null, null, null);
            return Results.Json(state, TrainerJson.Default.RewardHealth, statusCode: health.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
        }).WithSummary("Whether the judge answers");
    }

    private static RouteHandlerBuilder Post<TRequest, TAnswer>(
        WebApplication application, string path, string summary, Func<RewardHandlers, ReadOnlyMemory<byte>, string, CancellationToken, Task<HttpAnswer>> handle)
        where TRequest : notnull =>
        application.MapPost(path, async Task<IResult> (HttpContext context) =>
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

                return new Sent(await handle(context.RequestServices.GetRequiredService<RewardHandlers>(), body.GetBuffer().AsMemory(0, (int)body.Length), RequestClient.Of(context), context.RequestAborted));
            })
            .WithSummary(summary)
            .Accepts<TRequest>("application/json", "*/*")
            .Produces<TAnswer>()
            .Produces<Problem>(StatusCodes.Status400BadRequest, "application/problem+json")
            .Produces<Problem>(StatusCodes.Status429TooManyRequests, "application/problem+json")
            .Produces<Problem>(StatusCodes.Status503ServiceUnavailable, "application/problem+json");

    private static bool Knows(IHeaderDictionary headers, byte[] expected)
    {
        string authorization = headers.Authorization.ToString();
        string key = authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? authorization["Bearer ".Length..].Trim() : headers["X-Api-Key"].ToString();

        // Of fixed length, so that the time taken tells nothing of the key.
        return CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(key)), expected);
    }

    private static async Task Send(HttpContext context, HttpAnswer answer)
    {
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = answer.ContentType;
        foreach ((string name, string value) in answer.Headers)
        {
            context.Response.Headers[name] = value;
        }

        await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }

    internal sealed class Sent(HttpAnswer answer) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => Send(httpContext, answer);
    }
}
