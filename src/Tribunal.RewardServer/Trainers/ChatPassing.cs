using System.Net.ServerSentEvents;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Chat;
using Tribunal.RewardServer.Judging;

namespace Tribunal.RewardServer.Trainers;

/// <summary>Chat requests that ask for no verdict: they go to the judge's endpoint as they are, and what it answers comes back as it is. What they take is charged.</summary>
internal sealed class ChatPassing(RewardDesk desk)
{
    private const int Largest = 32 * 1024 * 1024;

    /// <summary>Passes a request through.</summary>
    /// <param name="body">The request.</param>
    /// <param name="request">The same, read.</param>
    /// <param name="why">Why it is no question to vote on.</param>
    /// <param name="cancellationToken">The client is gone.</param>
    public async Task<HttpAnswer> PassAsync(ReadOnlyMemory<byte> body, ChatRequest request, string why, CancellationToken cancellationToken)
    {
        // A stream says what it took only where it is asked to: asked for by us, the client is not told.
        bool streamed = request.Stream == true;
        bool hide = streamed && request.StreamOptions?.IncludeUsage != true && ClientBudget.Current is not null;
        PassedAnswer answer = await desk.PassAsync(Body(body, request, hide), cancellationToken)
            ?? throw new JsonException($"this judge takes questions for a verdict alone, and {why}");
        var headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["X-Tribunal-Passed"] = "true" };
        if (answer.RetryAfter is { } later)
        {
            headers["Retry-After"] = later;
        }

        string type = answer.ContentType ?? "application/json";
        if (type.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase))
        {
            return new HttpAnswer(answer.Status, default, type, headers) { Streamed = (output, cancel) => StreamAsync(answer, request, hide, output, cancel) };
        }

        using (answer)
        {
            byte[] said = await WholeAsync(answer.Body, cancellationToken);
            if (answer.Status is >= 200 and < 300)
            {
                using var read = new ChatAnswer();
                TryAdd(read, said);
                await desk.Spending.ChargeAsync(UsageOf(read, request));
            }

            return new HttpAnswer(answer.Status, said, type, headers);
        }
    }

    // Names of the vote mean the judge's model.
    private ReadOnlyMemory<byte> Body(ReadOnlyMemory<byte> body, ChatRequest request, bool withUsage)
    {
        bool vote = string.IsNullOrEmpty(request.Model) || desk.VoteNames.Contains(request.Model, StringComparer.Ordinal);
        if ((!vote || request.Model == desk.PassedModel) && !withUsage)
        {
            return body;
        }

        JsonObject changed = JsonNode.Parse(WholeText.Of(body).Span)!.AsObject();
        if (vote)
        {
            changed["model"] = desk.PassedModel;
        }

        if (withUsage)
        {
            JsonObject options = changed["stream_options"] as JsonObject ?? [];
            options["include_usage"] = true;
            changed["stream_options"] = options.Parent is null ? options : options.DeepClone();
        }

        return JsonSerializer.SerializeToUtf8Bytes(changed, TrainerJson.Default.JsonObject);
    }

    private async Task StreamAsync(PassedAnswer answer, ChatRequest request, bool hide, Stream output, CancellationToken cancellationToken)
    {
        using (answer)
        {
            using var read = new ChatAnswer(Largest);
            try
            {
                await foreach (SseItem<byte[]> item in SseParser.Create(answer.Body, static (_, data) => data.ToArray()).EnumerateAsync(cancellationToken))
                {
                    TryAdd(read, item.Data);
                    if (!(hide && IsUsageAlone(item.Data)))
                    {
                        await output.WriteAsync((byte[])[.. "data: "u8, .. item.Data, .. "\n\n"u8], cancellationToken);
                        await output.FlushAsync(cancellationToken);
                    }
                }
            }
            finally
            {
                // Who leaves in the middle pays for what was written until then.
                await desk.Spending.ChargeAsync(UsageOf(read, request));
            }
        }
    }

    private static Usage UsageOf(ChatAnswer read, ChatRequest request)
    {
        Usage usage = read.ToReply().Usage;
        return usage.Input > 0 ? usage : usage with { Input = Usage.Estimate(request.Messages?.Sum(static turn => (long)turn.GetRawText().Length) ?? 0), Estimated = true };
    }

    private static bool IsUsageAlone(ReadOnlySpan<byte> data)
    {
        if (data.IndexOf("\"usage\""u8) < 0)
        {
            return false;
        }

        try
        {
            return JsonNode.Parse(data) is JsonObject chunk && chunk["choices"] is JsonArray { Count: 0 } && chunk["usage"] is JsonObject;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void TryAdd(ChatAnswer read, ReadOnlySpan<byte> json)
    {
        try
        {
            read.Add(json);
        }
        catch (JsonException)
        {
            // The end of a stream, or nothing that says what it took.
        }
    }

    private static async Task<byte[]> WholeAsync(Stream body, CancellationToken cancellationToken)
    {
        using var whole = new MemoryStream();
        byte[] buffer = new byte[16 * 1024];
        int read;
        while ((read = await body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            whole.Write(buffer, 0, read);
            if (whole.Length > Largest)
            {
                throw new JudgeException(JudgeFault.Malformed, $"the judge answers with more than {Largest / (1024 * 1024)} MiB", new Tries());
            }
        }

        return whole.ToArray();
    }
}
