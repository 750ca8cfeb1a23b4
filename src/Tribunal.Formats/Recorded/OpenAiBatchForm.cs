using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Protocols.Chat;

namespace Tribunal.Formats.Recorded;

/// <summary>
/// Names requests of a batch API so that their answers can be read on their own: sample, displayed order and rollout,
/// <c>12|1.0|id</c>; behind the sample stands what tells this question from another run's of the same name, <c>12.9f3a01c2|1.0|id</c>,
/// where its writer gave a tag.
/// </summary>
internal static class BatchRequestName
{
    /// <summary>Most characters; batch services give no firm figure, and this many are taken.</summary>
    public const int Limit = 512;

    public static string Of(string rolloutId, int sample, string? tag, IReadOnlyList<int> order) =>
        string.Create(CultureInfo.InvariantCulture, $"{sample}{(tag is null ? "" : ".")}{tag}|{string.Join('.', order)}|{rolloutId}");

    public static (string RolloutId, int Sample, string? Tag, int[] Order) Parse(string name)
    {
        string[] parts = name.Split('|', 3);
        string[] named = parts[0].Split('.', 2);
        if (parts.Length < 3 || parts[2].Length == 0 || !int.TryParse(named[0], NumberStyles.None, CultureInfo.InvariantCulture, out int sample))
        {
            throw new FormatException($"the custom_id {name} does not name a rollout and a sample");
        }

        string[] numbers = parts[1].Split('.');
        int[] order = new int[numbers.Length];
        for (int i = 0; i < order.Length; i++)
        {
            if (!int.TryParse(numbers[i], NumberStyles.None, CultureInfo.InvariantCulture, out order[i]))
            {
                throw new FormatException($"the custom_id {name} does not name an order of responses");
            }
        }

        return (parts[2], sample, named.Length > 1 ? named[1] : null, order);
    }
}

/// <summary>Answers of the OpenAI batch API: <c>{id, custom_id, response{status_code, body}, error}</c>.</summary>
internal static class OpenAiBatchForm
{
    public static RecordedLine Read(JsonElement root, long number, ImportOptions options)
    {
        string name = JsonText.TryGet(root, "custom_id", out JsonElement id) ? JsonText.Of(id, "custom_id") : throw new FormatException("custom_id is missing");
        (string rolloutId, int sample, string? tag, int[] order) = BatchRequestName.Parse(name);
        OpenAiBatchRequest? request = null;
        if (options.Requests is { } requests && !requests.TryTake(name, out request))
        {
            throw new FormatException($"there is no request {name} in the request file, or it was answered before");
        }

        (JudgeReply? reply, string? failure, bool again, bool refused, string? model) = Answer(root);
        string judge = request?.Model ?? model ?? options.Judge;
        IProtocol protocol = options.Grammar ?? ProtocolCatalog.Resolve(options.Protocol, judge).Protocol;
        int[]? pair = protocol.Kind == JudgingKind.Pairwise && order.Length == 2 ? [Math.Min(order[0], order[1]), Math.Max(order[0], order[1])] : null;
        TracedJudgement judgement = reply is not null
            ? JudgementReader.Read(rolloutId, sample, request?.Seed ?? 0, protocol, judge, order, pair, reply)
            : new TracedJudgement
            {
                RolloutId = rolloutId,
                Sample = sample,
                Protocol = protocol.Name,
                Judge = judge,
                Order = order,
                Pair = pair,
                Seed = request?.Seed ?? 0,
                Outcome = refused ? JudgementOutcome.Refused : JudgementOutcome.Failed,
                Why = failure,
            };
        return new RecordedLine { Line = number, Judgements = [judgement], MayAskAgain = again, Tag = tag };
    }

    private static (JudgeReply? Reply, string? Failure, bool Again, bool Refused, string? Model) Answer(JsonElement root)
    {
        if (JsonText.TryGet(root, "error", out JsonElement error))
        {
            return (null, $"the batch service says: {Message(error)}", true, false, null);
        }

        if (!JsonText.TryGet(root, "response", out JsonElement response) || response.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("response is missing");
        }

        if (!JsonText.TryGet(response, "body", out JsonElement body) || body.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("response.body is missing");
        }

        int code = JsonText.TryGet(response, "status_code", out JsonElement status) && status.ValueKind == JsonValueKind.Number && status.TryGetInt32(out int given)
            ? given
            : throw new FormatException("response.status_code is missing");
        if (code != 200)
        {
            EndpointWords refused = EndpointWords.Of(JsonMarshal.GetRawUtf8Value(body));
            return (null, string.Create(CultureInfo.InvariantCulture, $"the batch service answered {code}: {refused.Shown}"), code is 408 or 409 or 424 or 425 or 429 or >= 500, refused.IsFiltered, null);
        }

        // The reader of live answers: what ends well, what is thinking and what is usage is the same here.
        using var answer = new ChatAnswer();
        answer.Add(JsonMarshal.GetRawUtf8Value(body));
        if (answer.Error is { } broken)
        {
            EndpointWords said = EndpointWords.Of(broken);
            return (null, $"the batch service answered with an error: {said.Shown}", !said.IsFiltered, said.IsFiltered, null);
        }

        if (!answer.HasChoice)
        {
            throw new FormatException("response.body is not a chat completion");
        }

        string? model = JsonText.TryGet(body, "model", out JsonElement named) ? JsonText.Scalar(named) : null;
        JudgeReply reply = answer.ToReply();
        return (reply, null, FinishReasons.Of(reply.Finish) == AnswerEnd.Broken, false, model);
    }

    private static string Message(JsonElement error) =>
        error.ValueKind == JsonValueKind.Object && JsonText.TryGet(error, "message", out JsonElement message) ? JsonText.Scalar(message) ?? "no message"
        : JsonText.Scalar(error) ?? "no message";
}
