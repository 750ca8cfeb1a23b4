using System.CommandLine;
using System.Text.Json;
using Tribunal.Azure.Queues;
using Tribunal.Cli.Commands;
using Tribunal.Cli.Output;
using Tribunal.Formats.Batches;
using Tribunal.Runs;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Storage;

namespace Tribunal.Cli.Tests.Issues;

/// <summary>Reported: stack traces, and the names of types, reach those who gave a command.</summary>
public sealed class ErrorWordsTests
{
    public static TheoryData<Exception, int, string> Failures => new()
    {
        { new JudgeConfigurationException([new Problem("limits.cost", "a limit on cost needs the judge's prices")]), 2, "--max-total-cost: a limit on cost needs the judge's prices" },
        { new MessageRefusedException([new Problem("output", "the name is taken")]), 2, "--run: the name is taken" },
        { new ProblemsException([new Problem("policy.min", "50 is outside 1..{0}", "policy.max")]), 2, "--min: 50 is outside 1..--max" },
        { new BatchFormatException("line 3 is cut"), 2, "line 3 is cut" },
        { new RunMismatchException("run can't be resumed: seed"), 2, "run can't be resumed: seed: give the options it was started with to go on, or another folder with -o; `tribunal vote` votes again on what it holds, without asking a judge" },
        { new IOException("the wire broke"), 3, "the wire broke" },
        { new AggregateException(new IOException("the wire broke")), 3, "the wire broke" },
        { new InvalidCastException("Unable to cast object of type 'System.String'"), 70, "this is a defect of the tool, not of what it was given; with TRIBUNAL_TRACE=1 it says where" },
        { new KeyNotFoundException("key"), 70, "this is a defect of the tool, not of what it was given; with TRIBUNAL_TRACE=1 it says where" },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public void Every_failure_has_its_code_and_words_from_one_table(Exception failure, int code, string words)
    {
        CommandException said = CommandErrors.Of(failure);
        Assert.Equal((code, words), (said.ExitCode, said.Message));
    }

    [Theory]
    [InlineData("""{"version":"x"}""", "the value of version can't be used (line 1, byte ")]
    [InlineData("""{"request":""", "line 1, byte ")]
    [InlineData("[]", "no JSON of the form that is needed")]
    public void A_document_that_can_not_be_read_is_named_by_place_and_not_by_type(string json, string words)
    {
        JsonException refusal = Assert.Throws<JsonException>(() => ContractJson.Read(System.Text.Encoding.UTF8.GetBytes(json), RunsJson.Default.RunManifest));
        string said = CommandErrors.Of(refusal).Message;
        Assert.Contains(words, said, StringComparison.Ordinal);
        Assert.DoesNotContain("Tribunal.", said, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", said, StringComparison.Ordinal);
    }
}
