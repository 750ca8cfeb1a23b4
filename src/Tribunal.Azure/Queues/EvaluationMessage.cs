using System.Text.Json;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;

namespace Tribunal.Azure.Queues;

/// <summary>
/// Requests from outside: queue messages and HTTP bodies. Names and paths only, never URLs; unknown fields are refused by
/// name; what a message does not say comes from the configuration.
/// </summary>
public static class EvaluationMessage
{
    private const int MaxName = 64;

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
        EvaluationRequest request = StrictJson.Read(document.RootElement, AzureJson.Default.EvaluationRequest, said);
        request = defaults.Fill(request, said.Contains);
        if (Problems(request) is { Count: > 0 } problems)
        {
            throw new MessageRefusedException(problems);
        }

        return request.Output is null ? request with { Output = RunIds.For(request) } : request;
    }

    /// <summary>The message for a request.</summary>
    public static string Write(EvaluationRequest request) =>
        Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(request, AzureJson.Default.EvaluationRequest));

    /// <summary>What is wrong with a request; empty when it may run. What only the run's plan can see is not looked at.</summary>
    public static IReadOnlyList<Problem> Problems(EvaluationRequest request)
    {
        List<Problem> problems = [.. request.Trajectories?.Problems() ?? [], .. request.Selection?.Problems() ?? []];
        Require(BatchPath.Fault(request.Batch) is null, "batch", BatchPath.Fault(request.Batch) ?? "");
        Require(request.Output is not { } output || StoreNames.IsValidRunId(output), "output", "a run's name is needed: 1 to 128 letters, digits, '.', '_' and '-', not starting with '.'");
        Require(request.Judge is not { } judge || IsName(judge), "judge", "the name of a configured judge is needed, never an address");
        Require(request.Meta.Model is not { } meta || IsName(meta), "meta.model", "the name of a configured model is needed, never an address");
        Require(request.ProtocolFile is not null || ProtocolCatalog.Names.Contains(request.Protocol), "protocol", $"one of {string.Join(", ", ProtocolCatalog.Names)} is needed");
        foreach (string path in request.ProtocolFiles())
        {
            Require(BatchPath.Fault(path) is null, "protocolFile", $"a protocol file is named like a batch: {BatchPath.Fault(path)}");
        }

        Require(Enum.IsDefined(request.Hint), "hint", "none, failed or all is needed");
        Require(!request.RetryFailed || request.Policy.Kind != PolicyKind.Budget, "retryFailed", "under policy budget the failed judgements were part of the total");
        Require(request.Limits.Tokens is null or > 0, "limits.tokens", "more than 0 is needed");
        Require(request.Limits.Cost is not { } cost || (cost > 0 && double.IsFinite(cost)), "limits.cost", "more than 0 is needed");
        problems.AddRange(JudgeRegistry.RoutingProblems(request));
        for (int i = 0; i < request.Routing?.Routes.Count; i++)
        {
            Require(request.Routing.Routes[i]?.Judge is not { } name || IsName(name), $"routing.routes[{i}].judge", "the name of a configured judge is needed, never an address");
        }

        problems.AddRange(JudgeRegistry.PanelProblems(request));
        for (int i = 0; i < request.Judges?.Members.Count; i++)
        {
            Require(request.Judges.Members[i]?.Judge is not { } name || IsName(name), $"judges.members[{i}].judge", "the name of a configured judge is needed, never an address");
        }

        JudgingKind kind = request is { Protocol: ProtocolCatalog.Grm, Judges: null, ProtocolFile: null } ? JudgingKind.Listwise : JudgingKind.Pairwise;
        problems.AddRange(Schemes.OptionsFor(request, kind, (1, 10)).Problems());
        return problems;

        void Require(bool condition, string field, string message)
        {
            if (!condition)
            {
                problems.Add(new Problem(field, message));
            }
        }
    }

    private static bool IsName(string name) => name.Length <= MaxName && !name.Contains('/', StringComparison.Ordinal) && StoreNames.IsValid(name);
}
