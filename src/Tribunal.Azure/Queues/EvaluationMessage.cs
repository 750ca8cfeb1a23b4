using System.Text.Json;
using Tribunal.Protocols;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Azure.Queues;

/// <summary>
/// Requests from outside: queue messages and HTTP bodies. Names and paths only, never URLs; unknown fields are refused by
/// name; what a message does not say comes from the configuration.
/// </summary>
public static class EvaluationMessage
{
    private const int MaxName = 64;
    private static readonly string[] Protocols = ["auto", "grm", "rm-r1", "rrm"];

    /// <summary>Reads a message and gives the run a name where the request has none.</summary>
    /// <exception cref="MessageRefusedException">The message can't be understood, or asks for what is not allowed.</exception>
    public static EvaluationRequest Parse(string text, RequestDefaults defaults)
    {
        using JsonDocument document = MessageBody.Parse(text);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new MessageRefusedException("the message is not a JSON object");
        }

        if (!document.RootElement.TryGetProperty("batch", out _))
        {
            throw new MessageRefusedException("a required field is missing: 'batch'");
        }

        HashSet<string> said = new(StringComparer.Ordinal);
        EvaluationRequest request = StrictJson.Read(document.RootElement, RequestJson.Default.EvaluationRequest, said);
        request = defaults.Fill(request, said.Contains);
        if (Fault(request) is { } fault)
        {
            throw new MessageRefusedException(fault);
        }

        return request.Output is null ? request with { Output = RunIds.For(request) } : request;
    }

    /// <summary>The message for a request.</summary>
    public static string Write(EvaluationRequest request) =>
        MessageBody.Encode(JsonSerializer.SerializeToUtf8Bytes(request, RequestJson.Default.EvaluationRequest));

    /// <summary>Why a request is refused; null when it may run. What only the run's plan can see is not looked at.</summary>
    public static string? Fault(EvaluationRequest request)
    {
        if (BatchPath.Fault(request.Batch) is { } fault)
        {
            return fault;
        }

        if (request.Output is { } output && !StoreNames.IsValidRunId(output))
        {
            return "'output' is a run's name: 1 to 128 letters, digits, '.', '_' and '-', not starting with '.'";
        }

        if (request.Judge is { } judge && !IsName(judge))
        {
            return "'judge' is the name of a configured judge, never an address";
        }

        if (request.Meta.Model is { } meta && !IsName(meta))
        {
            return "'meta.model' is the name of a configured model, never an address";
        }

        if (!Protocols.Contains(request.Protocol, StringComparer.Ordinal))
        {
            return $"'protocol' is one of {string.Join(", ", Protocols)}";
        }

        if (!Enum.IsDefined(request.Hint))
        {
            return "'hint' is none, failed or all";
        }

        if (request.Limits.Tokens is <= 0 || request.Limits.Cost is { } cost && !(cost > 0 && double.IsFinite(cost)))
        {
            return "'limits' are above 0";
        }

        if (request.Routing is { } table)
        {
            List<string> problems = [.. JudgeRoutes.Problems(request)];
            problems.AddRange(table.Routes.Where(static route => route?.Judge is { } name && !IsName(name)).Select(static _ => "routing: a judge is the name of a configured judge, never an address"));
            if (problems.Count > 0)
            {
                return MessageRefusedException.Shown(string.Join("; ", problems));
            }
        }

        try
        {
            JudgingKind kind = request.Protocol == "grm" ? JudgingKind.Listwise : JudgingKind.Pairwise;
            _ = Verdicts.JudgingSchemes.Create(Schemes.OptionsFor(request, kind, (1, 10)));
        }
        catch (ArgumentException exception)
        {
            int end = exception.Message.IndexOf(" (Parameter", StringComparison.Ordinal);
            return end > 0 ? exception.Message[..end] : exception.Message;
        }

        return null;
    }

    private static bool IsName(string name) => name.Length <= MaxName && !name.Contains('/', StringComparison.Ordinal) && StoreNames.IsValid(name);
}
