using System.Text.Json;

namespace Tribunal.Cli.Tests.Issues;

/// <summary>Reported of batch services: an answer was dropped because an error had its name before it, and what to change was not said before the run was spent.</summary>
public sealed class BatchServiceFilesTests : IDisposable
{
    private const string Expired = """{"custom_id":"0|0.1|a","response":null,"error":{"code":"batch_expired","message":"expired"}}""";
    private const string Answered = """{"custom_id":"0|0.1|a","response":{"status_code":200,"body":{"choices":[{"message":{"content":"Scores: \\boxed{8, 3}"},"finish_reason":"stop"}]}},"error":null}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-files-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("\"outcome\":\"valid\"", new[] { Expired }, new[] { Answered })]
    [InlineData("\"outcome\":\"valid\"", new[] { Expired, Answered }, new string[0])]
    [InlineData("\"outcome\":\"valid\"", new[] { Answered }, new[] { Expired })]
    [InlineData("\"outcome\":\"failed\"", new[] { Expired }, new[] { Expired })]
    public async Task An_import_takes_the_answer_and_the_error_only_where_none_came(string outcome, string[] first, string[] second)
    {
        Write("first.jsonl", first);
        Write("second.jsonl", second);
        ToolResult result = await ToolProcess.RunAsync(_folder, "import", "first.jsonl", "second.jsonl", "-o", "out", "--format", "openai-batch", "--protocol", "grm", "--no-report");
        Assert.DoesNotContain("refused", result.Output, StringComparison.Ordinal);
        Assert.Contains(outcome, Assert.Single(File.ReadLines(Path.Combine(_folder, "out/judgements.jsonl"))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_every_request_has_is_said_with_what_to_change_and_asked_again_with_it()
    {
        Write("batch.jsonl", ["""{"id":"a","prompt":"p","responses":["x","y"]}"""]);
        string[] score = ["score", "batch.jsonl", "-o", "out", "--via", "openai-batch", "--model", "o9", "--protocol", "grm", "--samples", "2", "--no-report"];
        await ToolProcess.RunAsync(_folder, score);
        Write("out/openai-batch/answers/errors.jsonl", Requests().Select(static request =>
            """{"custom_id":NAME,"response":{"status_code":400,"body":{"error":{"message":"Unsupported value: 'temperature' does not support 0.5 with this model.","code":"unsupported_value"}}},"error":null}"""
                .Replace("NAME", JsonSerializer.Serialize(request.GetProperty("custom_id").GetString()), StringComparison.Ordinal)));
        ToolResult refused = await ToolProcess.RunAsync(_folder, score);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("What to change: leave a request field out that the server doesn't take, e.g. --omit", refused.Errors, StringComparison.Ordinal);
        await ToolProcess.RunAsync(_folder, [.. score, "--omit", "temperature"]);
        Assert.Equal(2, Requests().Length);
        Assert.All(Requests(), static request => Assert.False(request.GetProperty("body").TryGetProperty("temperature", out _)));
    }

    private JsonElement[] Requests() => [.. File.ReadLines(Path.Combine(_folder, "out/openai-batch/requests/requests-001.jsonl")).Select(static line => JsonDocument.Parse(line).RootElement)];

    private void Write(string name, IEnumerable<string> lines) => File.WriteAllLines(Path.Combine(_folder, name), lines);
}
