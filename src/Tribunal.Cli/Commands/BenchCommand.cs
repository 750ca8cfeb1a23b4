using System.CommandLine;
using Tribunal.Benchmarks;
using Tribunal.Cli.Configuration;
using Tribunal.Cli.Output;
using Tribunal.Runs.Resuming;

namespace Tribunal.Cli.Commands;

/// <summary>
/// <c>tribunal bench SUITE DATA</c>: a benchmark by its authors' own rules, on one judgement per item and on our vote. It
/// has the items judged, or scores a run over them, or recorded judgements of them.
/// </summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        Argument<string> suite = new("suite") { Description = "The benchmark.", HelpName = "suite" };
        suite.AcceptOnlyFromAmong([.. BenchmarkSuites.All.Select(static s => s.Name)]);
        Argument<string> data = new("data") { Description = "The authors' file, or a folder of them." };
        Option<string?> output = new("--output", "-o") { Description = "Folder for the items, their run and the result; default bench-SUITE when a judge is asked.", HelpName = "DIR" };
        Option<bool> prepare = new("--prepare") { Description = "Only write the items, to be scored elsewhere." };
        Option<string?> run = new("--run") { Description = "Score this finished run over the items.", HelpName = "RUN" };
        Option<string?> judgements = new("--judgements") { Description = "Score these recorded judgements of the items; the vote is cast over all of them.", HelpName = "FILE" };
        Option<bool> json = new("--json") { Description = "Print the result as JSON instead of a table." };
        Command command = new("bench", $"""
            Scores a public benchmark by its authors' own rules, on one judgement per item and on our vote.

            Every option of score that is not listed here goes to the scoring of the items:

              tribunal bench judgebench data.jsonl -o out --judge http://gpu:8000/v1 --model RRM-32B --samples 5
              tribunal bench llmbar Dataset/LLMBar --judgements recorded.jsonl

            Suites: {string.Join(", ", BenchmarkSuites.All.Select(static s => s.Name))}.
            """)
        {
            suite, data, output, prepare, run, judgements, json,
        };
        command.TreatUnmatchedTokensAsErrors = false;
        command.Validators.Add(result =>
        {
            int ways = (result.GetValue(run) is null ? 0 : 1) + (result.GetValue(judgements) is null ? 0 : 1) + (result.GetValue(prepare) ? 1 : 0);
            if (ways > 1)
            {
                result.AddError("--prepare, --run and --judgements exclude one another");
            }
        });
        command.SetAction((parsed, token) =>
        {
            var bench = new BenchRun(BenchmarkSuites.Find(parsed.GetRequiredValue(suite))!, parsed.GetRequiredValue(data), parsed.GetValue(output), parsed.GetValue(json));
            bool recorded = parsed.GetValue(run) is not null || parsed.GetValue(judgements) is not null || parsed.GetValue(prepare);
            if (recorded && parsed.UnmatchedTokens.Count > 0)
            {
                throw new CommandException(ExitCodes.Usage, $"{parsed.UnmatchedTokens[0]} asks for a judge, and none is asked here");
            }

            return parsed.GetValue(prepare) ? bench.PrepareAsync(token)
                : parsed.GetValue(run) is { } finished ? bench.ScoreRunAsync(finished, token)
                : parsed.GetValue(judgements) is { } file ? bench.ScoreRecordedAsync(file, token)
                : bench.JudgeAsync([.. parsed.UnmatchedTokens, .. parsed.GetValue<string?>(Settings.ConfigOption) is { } config ? [Settings.ConfigOption, config] : Array.Empty<string>()], token);
        });
        return command;
    }
}
