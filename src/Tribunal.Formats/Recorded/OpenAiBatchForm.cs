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

/// <summary>
/// Answers of batch services: <c>{id, custom_id, response{status_code, body}, error}</c> as OpenAI, Azure, Groq, Mistral, Together and vLLM's
/// <c>run_batch</c> write them, and Fireworks' <c>{custom_id, response}</c>, whose response is the completion itself.
/// </summary>
internal static class OpenAiBatchForm
{
    public static RecordedLine Read(JsonElement root, long number, ImportOptions options)
    {
        string name = JsonText.TryGet(root, "custom_id", out JsonElement id) ? JsonText.Of(id, "custom_id") : throw new FormatException($"custom_id is missing{Instead(root)}");
        (string rolloutId, int sample, string? tag, int[] order) = BatchRequestName.Parse(name);
        OpenAiBatchRequest? request = null;
        if (options.Requests is { } requests && !requests.TryGet(name, out request))
        {
            throw new FormatException($"there is no request {name} in the request file, or it was answered before");
        }

        (JudgeReply? reply, string? failure, RefusalKind kind, string? model) = Answer(root);
        bool again = failure is not null && kind is not (RefusalKind.Request or RefusalKind.Filtered);
        if (!again)
        {
            // What may be asked again is not answered yet: its answer may follow, in this file or in the next.
            options.Requests?.Take(name);
        }

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
                Outcome = kind == RefusalKind.Filtered ? JudgementOutcome.Refused : JudgementOutcome.Failed,
                Why = failure,
            };
        return new RecordedLine { Line = number, Judgements = [judgement], MayAskAgain = again, Tag = tag };
    }

    // A failure beside a reply: the answer is there, and its end says that the server gave it up.
    private static (JudgeReply? Reply, string? Failure, RefusalKind Kind, string? Model) Answer(JsonElement root)
    {
        bool responds = JsonText.TryGet(root, "response", out JsonElement response) && response.ValueKind == JsonValueKind.Object;
        int? status = responds ? StatusOf(response) : null;
        if (JsonText.TryGet(root, "error", out JsonElement error) && EndpointWords.Says(error))
        {
            // vLLM's runner gives whatever goes wrong in it as words alone, under 400: what it is only the words can tell.
            EndpointWords said = EndpointWords.Of(JsonMarshal.GetRawUtf8Value(error));
            return Refusal("the batch service says", said, said.MeantStatus ?? (error.ValueKind == JsonValueKind.Object && status >= 400 ? status.Value : 500));
        }

        if (!responds)
        {
            throw new FormatException($"response is missing{Instead(root)}");
        }

        bool enveloped = JsonText.TryGet(response, "body", out JsonElement body);
        if (status is { } code && code != 200)
        {
            return Refusal(
                string.Create(CultureInfo.InvariantCulture, $"the batch service answered {code}"),
                enveloped ? EndpointWords.Of(JsonMarshal.GetRawUtf8Value(body)) : new EndpointWords("", "", IsFiltered: false), code);
        }

        body = enveloped ? body : response;
        if (body.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("response.body is missing");
        }

        // The reader of live answers: what ends well, what is thinking and what is usage is the same here.
        using var answer = new ChatAnswer();
        answer.Add(JsonMarshal.GetRawUtf8Value(body));
        if (answer.Error is { } broken)
        {
            EndpointWords said = EndpointWords.Of(broken);
            return Refusal("the batch service answered with an error", said, said.MeantStatus ?? 500);
        }

        if (!answer.HasChoice)
        {
            throw new FormatException($"{(enveloped ? "response.body" : "response")} is not a chat completion");
        }

        string? model = JsonText.TryGet(body, "model", out JsonElement named) ? JsonText.Scalar(named) : null;
        JudgeReply reply = answer.ToReply();
        return (reply, FinishReasons.Of(reply.Finish) == AnswerEnd.Broken ? "the server gave the answer up" : null, RefusalKind.Unavailable, model);
    }

    private static (JudgeReply? Reply, string? Failure, RefusalKind Kind, string? Model) Refusal(string who, EndpointWords said, int status) =>
        (null, said.Shown is { Length: > 0 } words ? $"{who}: {words}" : who, said.KindUnder(status), null);

    private static int? StatusOf(JsonElement response) =>
        JsonText.TryGet(response, "status_code", out JsonElement status) && int.TryParse(JsonText.Scalar(status), NumberStyles.None, CultureInfo.InvariantCulture, out int code) ? code : null;

    // What people put beside the answers: the batch's status with its errors, a download that was refused, the requests themselves.
    private static string Instead(JsonElement root)
    {
        if (root.TryGetProperty("method", out _) && root.TryGetProperty("body", out _))
        {
            return ": this is a request, and no answer to it";
        }

        JsonElement complaint = JsonText.TryGet(root, "errors", out JsonElement errors) && errors.ValueKind == JsonValueKind.Object && JsonText.TryGet(errors, "data", out JsonElement data) ? data
            : JsonText.TryGet(root, "error", out JsonElement error) ? error
            : default;
        bool batch = JsonText.TryGet(root, "object", out JsonElement kind) && JsonText.Scalar(kind) == "batch";
        string said = complaint.ValueKind != JsonValueKind.Undefined && EndpointWords.Says(complaint) ? $": {EndpointWords.Of(JsonMarshal.GetRawUtf8Value(complaint)).Shown}" : "";
        return batch ? $": this is the state of a batch, and no answer{said}" : said.Length > 0 ? $": this is no answer{said}" : "";
    }
}
