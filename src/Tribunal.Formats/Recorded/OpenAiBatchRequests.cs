using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Lines;
using Tribunal.Protocols;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Recorded;

/// <summary>One judgement to ask a batch API for.</summary>
public sealed record OpenAiBatchRequest
{
    /// <summary>The rollout.</summary>
    public required string RolloutId { get; init; }

    /// <summary>Number of the sample inside the rollout.</summary>
    public required int Sample { get; init; }

    /// <summary>What tells the question from one of another run that has the same rollout, sample and order; null for none.</summary>
    public string? Tag { get; init; }

    /// <summary>Displayed position → original index, as composed into the messages.</summary>
    public required IReadOnlyList<int> Order { get; init; }

    /// <summary>The conversation to send; empty for requests read back from a file.</summary>
    public IReadOnlyList<Message> Messages { get; init; } = [];

    /// <summary>The judge's model.</summary>
    public required string Model { get; init; }

    /// <summary>Sampling temperature, 0 or more; null leaves it to the service.</summary>
    public double? Temperature { get; init; }

    /// <summary>Nucleus mass in (0, 1]; null leaves it to the service.</summary>
    public double? TopP { get; init; }

    /// <summary>Output budget in tokens.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>What goes into the request besides these; null for nothing.</summary>
    public RequestFields? Fields { get; init; }

    /// <summary>The sampling seed; null leaves it to the service.</summary>
    public long? Seed { get; init; }
}

/// <summary>The requests of a batch that answers are joined with: each is taken once, by an answer that stands.</summary>
public sealed class OpenAiBatchRequests
{
    private readonly Dictionary<string, OpenAiBatchRequest> _byName = new(StringComparer.Ordinal);

    /// <summary>Requests that no answer has taken yet.</summary>
    public IReadOnlyCollection<OpenAiBatchRequest> Unanswered => _byName.Values;

    /// <summary>Reads a request file as <see cref="OpenAiBatchWriter"/> writes it; messages are not kept.</summary>
    /// <exception cref="BatchFormatException">A line is not a request of ours; the message gives its number and the reason.</exception>
    public async Task AddAsync(Stream requests, CancellationToken cancellationToken = default)
    {
        await foreach (RawRecord record in RawRecords.LinesAsync(requests, 1, 0, OpenAiBatchWriter.MaxFileBytes, cancellationToken))
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(record.Bytes);
                JsonElement root = document.RootElement;
                string name = JsonText.Of(root.GetProperty("custom_id"), "custom_id");
                JsonElement body = root.GetProperty("body");
                (string rolloutId, int sample, string? tag, int[] order) = BatchRequestName.Parse(name);
                _byName[name] = new OpenAiBatchRequest
                {
                    RolloutId = rolloutId,
                    Sample = sample,
                    Tag = tag,
                    Order = order,
                    Model = JsonText.Of(body.GetProperty("model"), "model"),
                    Seed = JsonText.TryGet(body, "seed", out JsonElement seed) ? seed.GetInt64() : null,
                };
            }
            catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
            {
                throw new BatchFormatException($"line {record.Number} is not a request: {exception.Message}", exception);
            }
        }
    }

    /// <summary>The request that an answer names, until it is taken.</summary>
    public bool TryGet(string customId, [NotNullWhen(true)] out OpenAiBatchRequest? request) => _byName.TryGetValue(customId, out request);

    /// <summary>Takes a request: it is answered.</summary>
    public void Take(string customId) => _byName.Remove(customId);
}
