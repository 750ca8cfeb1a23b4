using System.Reflection;
using System.Text.Json;

namespace Tribunal.Functions.Tests.Published;

/// <summary>What the host is told of the app: the build's <c>functions.metadata</c>.</summary>
public sealed class FunctionsMetadataTests
{
    private static readonly string Output = typeof(FunctionsMetadataTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static item => item.Key == "FunctionsOutput").Value!;

    [Fact]
    public void Each_function_has_its_trigger_route_level_queue_and_connection()
    {
        using JsonDocument metadata = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Output, "functions.metadata")));

        string[] functions = [.. metadata.RootElement.EnumerateArray().Select(Line).Order(StringComparer.Ordinal)];

        Assert.Equal(
            [
                "AllocateBudget: activityTrigger",
                "BatchUploaded: queueTrigger uploads AzureWebJobsStorage",
                "CancelEvaluation: httpTrigger post evaluations/{runId}/cancel Function, durableClient",
                "CastShard: activityTrigger",
                "CheckJudge: activityTrigger",
                "DrawChunk: activityTrigger",
                "EvaluateBatch: orchestrationTrigger",
                "EvaluationRequested: queueTrigger evaluations AzureWebJobsStorage, durableClient",
                "EvaluationResults: httpTrigger get evaluations/{runId}/results Function",
                "EvaluationStatus: httpTrigger get evaluations/{runId} Function, durableClient",
                "FitJudge: activityTrigger",
                "GrantUpload: httpTrigger post uploads/{sha256}/{name} Function",
                "PlanBatch: activityTrigger",
                "PlanRound: activityTrigger",
                "Publish: activityTrigger",
                "PurgeHistory: timerTrigger 0 30 3 * * *, durableClient",
                "ReportRun: activityTrigger",
                "RewardChat: httpTrigger post v1/chat/completions Function",
                "RewardCompare: httpTrigger post compare Function",
                "RewardFigures: httpTrigger post aggregate_metrics Function",
                "RewardJob: httpTrigger get v1/jobs/{id} Function",
                "RewardModels: httpTrigger get v1/models Function",
                "RewardOpenRlhf: httpTrigger post get_reward Function",
                "RewardRollResult: httpTrigger get roll/task_result Function",
                "RewardRollSubmit: httpTrigger post roll/submit_task Function",
                "RewardSession: httpTrigger post seed_session Function",
                "RewardSlime: httpTrigger post slime Function",
                "RewardVerify: httpTrigger post verify Function",
                "Rewards: httpTrigger post v1/rewards Function",
                "ScoreShard: orchestrationTrigger",
                "ScoreShards: orchestrationTrigger",
                "SettleRuns: timerTrigger 0 */10 * * * *, durableClient",
                "StartEvaluation: httpTrigger post evaluations Function, durableClient",
                "TakeUpload: httpTrigger put uploads/{sha256}/{name} Function",
                "WeighPanel: activityTrigger",
            ],
            functions);
    }

    [Fact]
    public void The_build_has_all_that_a_host_starts_from()
    {
        foreach (string file in (string[])["host.json", "functions.metadata", "extensions.json", "worker.config.json", ".azurefunctions/function.deps.json"])
        {
            Assert.True(File.Exists(Path.Combine(Output, file)), $"{file} is not in {Output}");
        }
    }

    private static string Line(JsonElement function) =>
        $"{function.GetProperty("name").GetString()}: {string.Join(", ", function.GetProperty("bindings").EnumerateArray().Where(static binding => binding.GetProperty("type").GetString() != "http").Select(Words))}";

    private static string Words(JsonElement binding) => string.Join(' ', new[]
    {
        binding.GetProperty("type").GetString(),
        binding.TryGetProperty("methods", out JsonElement methods) ? string.Join('|', methods.EnumerateArray().Select(static method => method.GetString())) : null,
        Text(binding, "route"), Text(binding, "authLevel"), Text(binding, "queueName"), Text(binding, "schedule"), Text(binding, "connection"),
    }.Where(static word => word is not null));

    private static string? Text(JsonElement binding, string name) => binding.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
}
