using System.CommandLine;
using Tribunal.Benchmarks;

var tool = new Option<FileInfo?>("--tool") { Description = "The tool to measure: its .dll or a published executable. By default the one built with this program (score: the native one for this platform, compiled first)." };
var built = new Option<bool>("--built") { Description = "Measure the tool built with this program, on the .NET runtime, instead of the native one." };
var concurrency = new Option<int>("--concurrency") { Description = "Requests at a time.", DefaultValueFactory = static _ => 64 };
var latency = new Option<double>("--latency") { Description = "Milliseconds that the endpoint takes.", DefaultValueFactory = static _ => 20 };
var repeats = new Option<int>("--repeats") { Description = "Times that each is run, in turn.", DefaultValueFactory = static _ => 3 };
var sizes = new Option<int[]>("--judgements") { Description = "Sizes to run.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = static _ => [2_000, 50_000] };
var more = new Option<string>("--options") { Description = "More options for `tribunal score`, in one string.", DefaultValueFactory = static _ => "" };
var address = new Option<string>("--endpoint") { Required = true };
var bodies = new Option<string>("--bodies") { Required = true };
var output = new Option<string>("--output") { Required = true };

var endpoint = new Command("endpoint", "The endpoint, as a process of its own.") { latency };
endpoint.SetAction((parsed, cancel) => Endpoint.RunAsync(TimeSpan.FromMilliseconds(parsed.GetValue(latency)), cancel));

var bare = new Command("bare", "The bare loop, as a process of its own.") { address, bodies, output, concurrency };
bare.SetAction((parsed, cancel) => BareLoop.RunAsync(new Uri(parsed.GetRequiredValue(address)), parsed.GetRequiredValue(bodies), parsed.GetRequiredValue(output), parsed.GetValue(concurrency), cancel));

var batch = new Option<FileInfo?>("--batch") { Description = "Rollouts (JSONL) to score instead of generated ones; each gets as many judgements as the size asks for." };
var each = new Option<int>("--samples") { Description = "Judgements of each generated rollout.", DefaultValueFactory = static _ => 4 };
var sentences = new Option<int>("--sentences") { Description = "Sentences of each generated response: 24 are a short chat answer (1.6 KB).", DefaultValueFactory = static _ => 24 };
var score = new Command("score", "`tribunal score` beside the bare loop.") { tool, built, batch, each, sentences, concurrency, latency, repeats, sizes, more };
score.SetAction(async (parsed, cancel) =>
{
    DirectoryInfo native = Directory.CreateTempSubdirectory("tribunal-native-");
    try
    {
        string path = parsed.GetValue(tool) is null && !parsed.GetValue(built) ? await Tool.PublishAsync(native, cancel) : Tool.Of(parsed.GetValue(tool));
        await new ScoreBenchmark(path, parsed.GetValue(batch), parsed.GetValue(each), parsed.GetValue(sentences), parsed.GetValue(concurrency), parsed.GetValue(latency), parsed.GetValue(repeats), parsed.GetValue(more)!).RunAsync(parsed.GetValue(sizes)!, cancel);
    }
    finally
    {
        native.Delete(recursive: true);
    }
});

var vote = new Command("vote", "`tribunal vote` on a generated record.") { tool, repeats, sizes };
vote.SetAction((parsed, cancel) => VoteBenchmark.RunAsync(Tool.Of(parsed.GetValue(tool)), parsed.GetValue(repeats), parsed.GetValue(sizes)!, cancel));

var rollouts = new Option<int>("--rollouts") { Description = "Rollouts.", DefaultValueFactory = static _ => 1_000 };
var responses = new Option<int>("--responses") { Description = "Responses of each.", DefaultValueFactory = static _ => 32 };
var votes = new Option<int>("--votes") { Description = "Judgements per match.", DefaultValueFactory = static _ => 3 };
var tournament = new Command("tournament", "A knockout over HTTP: what planning and voting take beside the requests.") { tool, rollouts, responses, votes, concurrency };
tournament.SetAction((parsed, cancel) => new TournamentBenchmark(Tool.Of(parsed.GetValue(tool)), parsed.GetValue(rollouts), parsed.GetValue(responses), parsed.GetValue(votes), parsed.GetValue(concurrency)).RunAsync(cancel));

var requests = new Option<int>("--requests") { Description = "Requests of each measurement.", DefaultValueFactory = static _ => 2_000 };
var atATime = new Option<int[]>("--at-a-time") { Description = "Requests under way at once.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = static _ => [1, 16] };
var serve = new Command("serve", "Latency of `tribunal serve` beside asking the judge directly.") { tool, latency, requests, atATime };
serve.SetAction((parsed, cancel) => ServeBenchmark.RunAsync(Tool.Of(parsed.GetValue(tool)), parsed.GetValue(atATime)!, parsed.GetValue(latency), parsed.GetValue(requests), cancel));

var group = new Option<int>("--group") { Description = "Responses in a group.", DefaultValueFactory = static _ => 16 };
var clients = new Option<int>("--clients") { Description = "Requests under way at once, one response each.", DefaultValueFactory = static _ => 1_000 };
var load = new Command("load", "Many clients of `tribunal serve` at once, with faults of the judge and the server killed and restarted in the middle: what comes out, and what it costs.") { tool, latency, clients, group };
load.SetAction((parsed, cancel) => new LoadBenchmark(Tool.Of(parsed.GetValue(tool)), parsed.GetValue(clients), parsed.GetValue(group), parsed.GetValue(latency)).RunAsync(cancel));

var many = new Option<int>("--rollouts") { Description = "Rollouts.", DefaultValueFactory = static _ => 100_000 };
var samples = new Option<int>("--samples") { Description = "Judgements of each.", DefaultValueFactory = static _ => 8 };
var view = new Command("view", "`tribunal view` over a large run: first rows, filters, search, memory.") { tool, many, samples };
view.SetAction((parsed, cancel) => ViewBenchmark.RunAsync(Tool.Of(parsed.GetValue(tool)), parsed.GetValue(many), parsed.GetValue(samples), cancel));

var optimum = new Command("optimum", "The fewest judgements that any stopping rule can take of the simulated judges of docs/how-much-compute.md.");
optimum.SetAction(static _ => OptimumBenchmark.Run());

return await new RootCommand("Speed and memory of the tool's commands, side by side with a bare loop; and what no stopping rule can better.") { score, vote, tournament, serve, load, view, optimum, endpoint, bare }.Parse(args).InvokeAsync();
