using System.Globalization;
using System.IO.Hashing;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Tribunal.Inference.Endpoints;
using Tribunal.Inference.Resilience;
using Tribunal.MetaReward;
using Tribunal.Protocols.Chat;

namespace Tribunal.Inference.MetaModels;

/// <summary>Posts to the interfaces of scalar reward models, and reads their rewards.</summary>
internal sealed class RewardWire(EndpointAccess access, TimeProvider time)
{
    private static readonly MediaTypeHeaderValue JsonType = new("application/json");

    /// <summary>Sends a request once.</summary>
    public async Task<Attempt<Rewards>> SendOnceAsync(RewardPost post, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, post.Address) { Content = new ReadOnlyMemoryContent(post.Body) };
        request.Content.Headers.ContentType = JsonType;
        await access.SignAsync(request, cancellationToken);
        using HttpResponseMessage message = await access.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        using var response = new WireResponse(
            (int)message.StatusCode, await message.Content.ReadAsStreamAsync(cancellationToken), message,
            message.Content.Headers.ContentType?.MediaType, Header("Retry-After"), message.Content.Headers.ContentLength)
        {
            RetryAfterMs = Header("retry-after-ms"),
            Location = Header("Location"),
        };
        if (response.Status is < 200 or >= 300)
        {
            return (await EndpointError.ReadAsync<Rewards>(response, access.Key, time, cancellationToken)) with { Prompt = post.Fingerprint };
        }

        string? Header(string name) => message.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;

        try
        {
            return await BoundedBody.ReadAsync(
                response.Body, response.Length, BoundedBody.LimitOf(512 * post.Count, events: false) + (post.Protocol is { MaxTokens: var tokens } ? Math.Min(tokens * TokenProbabilities.BytesPerToken, BoundedBody.Limit / 2) : 0), cut: false,
                static (bytes, asked) => Rewards.Of(asked.Post.Kind, bytes, asked.Post.Count, asked.Post.Protocol) is { } rewards && (rewards.Any || !asked.Post.Probe)
                    ? new Attempt<Rewards>(Ending.Answered, rewards, rewards.Any ? null : Nothing(bytes.Span, asked.Post, asked.Key))
                    : Unread(bytes.Span, asked.Post, asked.Key),
                (Post: post, access.Key), cancellationToken);
        }
        catch (ResponseTooLargeException exception)
        {
            return new Attempt<Rewards>(Ending.Malformed, Detail: exception.Message) { Cause = exception, Final = true };
        }
    }

    // An error inside a 200 is sorted as one of a chat judge is.
    private static Attempt<Rewards> Unread(ReadOnlySpan<byte> body, RewardPost post, string? key)
    {
        using var answer = new ChatAnswer();
        try
        {
            answer.Add(body);
        }
        catch (JsonException)
        {
            // What is no JSON is no error of a known form either.
        }

        if (answer.Error is { } error)
        {
            return EndpointError.FromObject<Rewards>(error, key) with { Prompt = post.Fingerprint };
        }

        string? page = EndpointError.PageIn(body);
        return new Attempt<Rewards>(Ending.Malformed, Detail: page ?? Nothing(body, post, key)) { Final = post.Probe, IsPage = page is not null };
    }

    // What came instead says most of what kind of server it is.
    private static string Nothing(ReadOnlySpan<byte> body, RewardPost post, string? key) => string.Create(
        CultureInfo.InvariantCulture, $"{(post.Count == 1 ? "no single number for the text" : $"no rewards for {post.Count} texts")} in the answer{Start(body, key)}");

    private static string Start(ReadOnlySpan<byte> body, string? key)
    {
        string start = EndpointError.Fit(Encoding.UTF8.GetString(body[..Math.Min(body.Length, 160)]), key);
        return start.Length > 0 ? $": {start}{(body.Length > 160 ? "…" : "")}" : ", which is empty";
    }
}

/// <summary>A request for rewards.</summary>
/// <param name="Kind">The interface.</param>
/// <param name="Address">Where to.</param>
/// <param name="Body">The body.</param>
/// <param name="Count">How many rewards are asked for.</param>
/// <param name="Probe">Whether it only finds out if there is such an interface.</param>
internal sealed record RewardPost(MetaKind Kind, Uri Address, ReadOnlyMemory<byte> Body, int Count, bool Probe)
{
    /// <summary>The meta protocol whose words are read; null for what is built in.</summary>
    public MetaProtocol? Protocol { get; init; }

    /// <summary>Tells refused requests apart.</summary>
    public long Fingerprint => unchecked((long)XxHash64.HashToUInt64(Body.Span));
}
