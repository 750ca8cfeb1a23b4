using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Parquet;
using Parquet.Serialization;
using Tribunal.Formats;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.TrainingSets;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;
using Tribunal.Runs.Exports;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Testing.Runs;
using Tribunal.Training;

namespace Tribunal.Runs.Tests.Exports;

public sealed class TrainingExportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-training-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("grm", TrainingForm.Spct)]
    [InlineData("grm", TrainingForm.Meta)]
    [InlineData("rrm", TrainingForm.Rrm)]
    [InlineData("rm-r1-thinking", TrainingForm.RmR1)]
    public async Task Every_prompt_is_the_one_that_the_judge_got_for_that_sample(string variant, TrainingForm form)
    {
        using var bed = new RunBed(20, responses: 2) { Protocol = variant };
        bed.Judge.On = variant switch
        {
            "rrm" => static (_, question) => new JudgeReply { Text = $"<think>{question.Seed}</think>\\boxed{{Assistant {1 + (question.Seed % 2)}}}", Finish = "stop" },
            "rm-r1-thinking" => static (_, question) => new JudgeReply { Reasoning = $"{question.Seed}", Text = $"<answer>[[{"AB"[(int)(question.Seed % 2)]}]]</answer>", Finish = "stop" },
            _ => static (_, question) => ScriptedJudge.Answer(question) with { Text = $"{question.Seed} {ScriptedJudge.Answer(question).Text}" },
        };
        await bed.RunAsync(request: new EvaluationRequest { Batch = bed.Batch, Policy = new() { Samples = 4 }, Hint = HintMode.All, Seed = 5 });
        TrainingReport report = await ExportAsync(bed.PathOf(""), form, o => o with { Shape = ExampleShape.PromptCompletion, Trajectories = 4 });
        Assert.DoesNotContain(report.Warnings, static w => w.Contains("prompt", StringComparison.Ordinal));
        Dictionary<long, IReadOnlyList<Message>> asked = bed.Judge.Asked.ToDictionary(static q => q.Seed, static q => q.Messages);
        JsonElement[] rows = Rows();
        Assert.Equal((report.Examples, form == TrainingForm.Spct), (rows.Length, rows.Any(static r => r.GetProperty("hinted").GetBoolean())));
        Assert.NotEmpty(rows);
        foreach (JsonElement row in rows)
        {
            long seed = long.Parse(string.Concat(row.GetProperty("completion")[0].GetProperty("content").GetString()!.SkipWhile(static c => !char.IsDigit(c)).TakeWhile(char.IsDigit)));
            Assert.Equal(asked[seed], row.GetProperty("prompt").EnumerateArray().Select(static m => new Message(m.GetProperty("role").GetString()!, m.GetProperty("content").GetString()!)));
        }
    }

    [Fact]
    public async Task Rejection_sampling_of_a_hand_worked_ledger()
    {
        string run = Run(
            "grm",
            [Labelled("easy", 0), Labelled("mixed", 1), Labelled("hard", 0) with { Domain = "math" }, Labelled("saved", 1), new Rollout { Id = "bare", Prompt = [new Message("user", "q")], Responses = [new Response("a"), new Response("b")] }],
            [
                List("easy", 0, 9, 1), List("easy", 1, 8, 2), List("easy", 2, 7, 3), List("easy", 3, 1, 9),
                List("mixed", 0, 9, 1), List("mixed", 1, 5, 5), List("mixed", 2, 2, 6) with { Order = [1, 0], Reasoning = "I think" },
                List("hard", 0, 1, 9), List("hard", 1, 2, 9), Bad("hard", 2, JudgementOutcome.Truncated), Hint(List("hard", 0, 3, 3)),
                List("saved", 0, 9, 1), Bad("saved", 1, JudgementOutcome.Failed), Hint(List("saved", 0, 1, 9)),
                List("bare", 0, 9, 1), List("gone", 0, 9, 1), List("gone", 1, 9, 1), Bad("mixed", 3, JudgementOutcome.Unparsable),
            ]);
        TrainingReport report = await ExportAsync(run, TrainingForm.Spct);
        Assert.Equal((18L, 2L, 1L, 2L), (report.Judgements, report.Kept, report.KeptHinted, report.Examples));
        Assert.Equal(
            new Dictionary<string, long>
            {
                ["not-in-batch"] = 2,
                ["unlabelled"] = 1,
                ["failed"] = 1,
                ["truncated"] = 1,
                ["incorrect"] = 6,
                ["too-easy"] = 3,
                ["beyond-n"] = 2,
            },
            report.Dropped.ToDictionary());
        Assert.Equal((new ItemCounts(4, 2, 1), new RolloutCounts(5, 1)), (report.Items, report.Rollouts));
        JsonElement[] rows = Rows();
        Assert.Equal(["mixed", "saved"], rows.Select(static r => r.GetProperty("rollout_id").GetString()));
        Assert.Equal(["user", "assistant"], rows[0].GetProperty("messages").EnumerateArray().Select(static m => m.GetProperty("role").GetString()));
        Assert.Equal("<think>\nI think\n</think>\n\nScores: \\boxed{2, 6}", rows[0].GetProperty("messages")[1].GetProperty("content").GetString());
        Assert.EndsWith("\n\nThe best response is: Response 2", rows[1].GetProperty("messages")[0].GetProperty("content").GetString(), StringComparison.Ordinal);
        Assert.Equal([false, true], rows.Select(static r => r.GetProperty("hinted").GetBoolean()));
        Assert.Equal(
            JsonSerializer.Serialize(report, FormatsJson.Readable.TrainingReport),
            File.ReadAllText(Path.Combine(_folder, "out", "training.json")));

        await ExportAsync(run, TrainingForm.Spct, static o => o with { StripHints = true, Reasoning = ReasoningPlace.Field });
        rows = Rows();
        Assert.DoesNotContain("The best response is", rows[1].GetProperty("messages")[0].GetProperty("content").GetString(), StringComparison.Ordinal);
        Assert.Equal(("I think", "Scores: \\boxed{2, 6}"), (rows[0].GetProperty("messages")[1].GetProperty("reasoning_content").GetString(), rows[0].GetProperty("messages")[1].GetProperty("content").GetString()));
        Assert.False(rows[0].GetProperty("messages")[0].TryGetProperty("reasoning_content", out _));
    }

    [Fact]
    public async Task Rlvr_has_one_prompt_per_order_shown_with_verls_five_fields()
    {
        string run = Run("rm-r1", [Labelled("r", 0) with { Domain = "chat" }], [Pair("r", 0, [0, 1], 0), Pair("r", 1, [1, 0], 1), Pair("r", 2, [0, 1], 1), Hint(Pair("r", 0, [1, 0], 0)), Bad("r", 3, JudgementOutcome.Failed, pair: true)]);
        TrainingReport report = await ExportAsync(run, TrainingForm.Rlvr);
        Assert.Equal((5L, 3L, 2L), (report.Judgements, report.Kept, report.Examples));
        Assert.Equal(new Dictionary<string, long> { ["+1"] = 1, ["-1 incorrect"] = 2 }, report.Rewards.ToDictionary());
        JsonElement[] rows = Rows();
        Assert.All(rows, static r => Assert.Equal(["data_source", "prompt", "ability", "reward_model", "extra_info"], r.EnumerateObject().Select(static p => p.Name)));
        Assert.Equal("""{"style":"rule","ground_truth":"A"}""", rows[0].GetProperty("reward_model").GetRawText());
        Assert.Equal("""{"style":"rule","ground_truth":"B"}""", rows[1].GetProperty("reward_model").GetRawText());
        Assert.Equal("tribunal/rm-r1", rows[0].GetProperty("data_source").GetString());
        Assert.Equal("""{"split":"train","index":0,"rollout_id":"r","domain":"chat","order":[0,1],"samples":2,"reward_mean":0,"simulated":false}""", rows[0].GetProperty("extra_info").GetRawText());
        Assert.Equal("""{"split":"train","index":1,"rollout_id":"r","domain":"chat","order":[1,0],"samples":1,"reward_mean":-1,"simulated":false}""", rows[1].GetProperty("extra_info").GetRawText());
    }

    [Fact]
    public async Task Pair_rewards_are_unpaired_preferences()
    {
        string run = Run("rrm", [Labelled("r", 0)], [Pair("r", 0, [0, 1], 0, "rrm"), Pair("r", 1, [1, 0], 1, "rrm"), Pair("r", 2, [0, 1], 0, "rrm") with { Text = "\\boxed{Assistant 1}" }, Bad("r", 3, JudgementOutcome.Unparsable, pair: true) with { Protocol = "rrm" }]);
        TrainingReport report = await ExportAsync(run, TrainingForm.Rrm);
        Assert.Equal(new Dictionary<string, long> { ["+1"] = 1, ["-1 incorrect"] = 1, ["-1 no-think-end"] = 2 }, report.Rewards.ToDictionary());
        JsonElement[] rows = Rows();
        Assert.Equal([(true, 1.0), (false, -1.0), (false, -1.0), (false, -1.0)], rows.Select(static r => (r.GetProperty("label").GetBoolean(), r.GetProperty("reward").GetDouble())));
        Assert.All(rows, static r => Assert.Equal(["prompt", "completion", "label", "reward"], r.EnumerateObject().Take(4).Select(static p => p.Name)));
        Assert.Equal(["system", "user"], rows[0].GetProperty("prompt").EnumerateArray().Select(static m => m.GetProperty("role").GetString()));
    }

    [Theory]
    [InlineData(TrainingForm.Spct, ExampleShape.Messages, ReasoningPlace.Think)]
    [InlineData(TrainingForm.Spct, ExampleShape.Messages, ReasoningPlace.Field)]
    [InlineData(TrainingForm.RmR1, ExampleShape.PromptCompletion, ReasoningPlace.Think)]
    [InlineData(TrainingForm.RmR1, ExampleShape.PromptCompletion, ReasoningPlace.Field)]
    [InlineData(TrainingForm.Meta, ExampleShape.Messages, ReasoningPlace.Think)]
    [InlineData(TrainingForm.Meta, ExampleShape.Messages, ReasoningPlace.Field)]
    [InlineData(TrainingForm.Rlvr, ExampleShape.Messages, ReasoningPlace.Think)]
    public async Task Parquet_holds_what_the_lines_hold(TrainingForm form, ExampleShape shape, ReasoningPlace reasoning)
    {
        string run = Run(
            "rm-r1",
            [.. Enumerable.Range(0, 40).Select(static i => Labelled($"r{i}", i % 2) with { Domain = i % 3 == 0 ? null : "d" })],
            [.. Enumerable.Range(0, 40).SelectMany(static i => Enumerable.Range(0, 3).Select(s => Pair($"r{i}", s, s % 2 == 0 ? [0, 1] : [1, 0], (i + (s / 2)) % 2) with { Reasoning = s == 1 ? null : "thought \"twice\"\n" }))]);
        TrainingReport lines = await ExportAsync(run, form, o => o with { Shape = shape, Reasoning = reasoning });
        JsonNode?[] expected = [.. Rows().Select(static r => JsonNode.Parse(r.GetRawText()))];
        TrainingReport parquet = await ExportAsync(run, form, o => o with { Shape = shape, Reasoning = reasoning, Format = TrainingFileFormat.Parquet });
        Assert.Equal(lines with { File = "", Cues = [], Warnings = [], Dropped = null!, Rewards = null! }, parquet with { File = "", Cues = [], Warnings = [], Dropped = null!, Rewards = null! });
        Assert.Equal(expected.Length, parquet.Examples);
        JsonNode?[] actual = await ParquetAsync();
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(JsonNode.DeepEquals(Plain(expected[i]), Plain(actual[i])), $"{expected[i]?.ToJsonString()}\n{actual[i]?.ToJsonString()}");
        }
    }

    [Fact]
    public async Task Parquet_columns_are_those_that_trainers_look_for()
    {
        string run = Run("rm-r1", [Labelled("r", 0)], [Pair("r", 0, [0, 1], 0)]);
        await ExportAsync(run, TrainingForm.RmR1, static o => o with { Format = TrainingFileFormat.Parquet });
        Assert.Equal(["domain", "hinted", "judge", "messages", "rollout_id", "sample", "simulated"], await ColumnsAsync());
        await ExportAsync(run, TrainingForm.Rlvr, static o => o with { Format = TrainingFileFormat.Parquet });
        Assert.Equal(["ability", "data_source", "extra_info", "prompt", "reward_model"], await ColumnsAsync());
        await ExportAsync(run, TrainingForm.RmR1, o => o with { Format = TrainingFileFormat.Parquet, Batch = Write("none.jsonl", [Labelled("other", 0)]) });
        Assert.Equal(["domain", "hinted", "judge", "messages", "rollout_id", "sample", "simulated"], await ColumnsAsync());
    }

    [Fact]
    public async Task Large_sets_go_into_several_row_groups()
    {
        string run = Run(
            "rm-r1",
            [.. Enumerable.Range(0, 2_600).Select(static i => Labelled($"r{i}", 0))],
            [.. Enumerable.Range(0, 2_600).SelectMany(static i => (TracedJudgement[])[Pair($"r{i}", 0, [0, 1], 0), Pair($"r{i}", 1, [1, 0], 0)])]);
        TrainingReport report = await ExportAsync(run, TrainingForm.RmR1, static o => o with { Format = TrainingFileFormat.Parquet });
        Assert.Equal(5_200, report.Examples);
        await using FileStream file = File.OpenRead(Path.Combine(_folder, "out", "train.parquet"));
        await using ParquetReader reader = await ParquetReader.CreateAsync(file);
        Assert.Equal(2, reader.RowGroupCount);
        Assert.Equal(5_200, (await ParquetAsync()).Select(static r => $"{r!["rollout_id"]} {r["sample"]}").Distinct().Count());
    }

    [Fact]
    public async Task Kept_and_dropped_add_up_to_the_ledger_whatever_it_holds() =>
        await Gen.Select(Gen.Int[0, 12], Gen.Int[0, 60], Gen.Enum<TrainingForm>(), Gen.Enum<TrainingFileFormat>(), Gen.Int).SampleAsync(
            async (rollouts, lines, form, format, seed) =>
            {
                var random = new Random(seed);
                bool pairs = form is TrainingForm.RmR1 or TrainingForm.Rrm;
                string protocol = form == TrainingForm.RmR1 ? "rm-r1" : pairs ? "rrm" : "grm";
                Rollout[] batch = [.. Enumerable.Range(0, rollouts).Select(i => Labelled($"r{i}", random.Next(2)) is var r && random.Next(4) == 0 ? r with { Best = null } : r)];
                TracedJudgement[] ledger = [.. Enumerable.Range(0, lines).Select(_ => Line(random, rollouts, protocol, pairs))];
                int judgements = ledger.DistinctBy(static j => (j.RolloutId, j.Sample, j.Judge, j.Protocol, j.Seed)).Count();
                string run = Run(
                    protocol,
                    batch,
                    ledger,
                    $"run{Guid.NewGuid():N}");
                string output = Path.Combine(_folder, $"out{Guid.NewGuid():N}");
                TrainingReport report = await ExportAsync(run, form, o => o with { Format = format, Output = output });
                Assert.Equal(judgements, report.Judgements);
                Assert.Equal(judgements, report.Kept + report.Dropped.Values.Sum());
                Assert.Equal(report.Kept, report.Rewards.Values.Sum());
                Assert.InRange(report.Examples, report.Kept > 0 ? 1 : 0, report.Kept);
                if (form != TrainingForm.Rlvr)
                {
                    Assert.Equal(report.Kept, report.Examples);
                }
            },
            iter: 60,
            threads: 1);

    [Fact]
    public async Task Cues_that_predict_the_labels_are_flagged()
    {
        Rollout[] rollouts = [.. Enumerable.Range(0, 60).Select(static i => Labelled($"r{i}", i % 2) with { Responses = [new Response(i % 2 == 0 ? "long and longer" : "s"), new Response(i % 2 == 0 ? "s" : "long and longer")], Domain = i < 30 ? "a" : "b" })];
        string run = Run("grm", rollouts, [.. rollouts.Select(static (r, i) => List(r.Id, 0, i % 2 == 0 ? 9 : 1, i % 2 == 0 ? 1 : 9))]);
        TrainingReport report = await ExportAsync(run, TrainingForm.Meta);
        CueReport longer = report.Cues.Single(static c => c is { Cue: "the longer response is best", Domain: null });
        Assert.Equal((1.0, 60L, true), (longer.Agreement.Value, longer.Agreement.Of, longer.Predicts));
        CueReport first = report.Cues.Single(static c => c is { Cue: "the response shown first is best" });
        Assert.Equal((0.5, 60L, false), (first.Agreement.Value, first.Agreement.Of, first.Predicts));
        Assert.Equal(["a", "b"], report.Cues.Where(static c => c.Domain is not null).Select(static c => c.Domain));
        Assert.Contains(report.Warnings, static w => w.StartsWith("\"the longer response is best\" is right for 100", StringComparison.Ordinal));
        TrainingReport half = await ExportAsync(run, TrainingForm.Meta, static o => o with { ExcludedDomains = ["a"] });
        Assert.Equal((30L, 30L), (half.Kept, half.Dropped["excluded-domain"]));
    }

    [Fact]
    public async Task A_prompt_that_is_not_the_runs_is_refused()
    {
        const string Template = "Judge this.\n{{conversation}}\n{{responses}}";
        string run = Run("grm", [Labelled("r", 0)], [List("r", 0, 9, 1), List("r", 1, 1, 9)], prompt: PromptFingerprint.Of(ProtocolCatalog.Resolve("grm", null, Template).Protocol));
        await RefusedAsync(run, "--template", static o => o);
        await RefusedAsync(run, "not the one that the run used", static o => o with { Template = Template + "!" });
        await RefusedAsync(run, "can't be used", static o => o with { Template = "nothing to fill" });
        await ExportAsync(run, TrainingForm.Spct, static o => o with { Template = Template });
        Assert.Equal("Judge this.\nWhich?\n[The Begin of Response 1]\none\n[The End of Response 1]\n[The Begin of Response 2]\ntwo\n[The End of Response 2]", Rows()[0].GetProperty("messages")[0].GetProperty("content").GetString());
        await RefusedAsync(run, "takes judgements by rm-r1", static o => o with { Template = Template, Form = TrainingForm.RmR1 });
    }

    [Fact]
    public async Task What_can_not_be_checked_is_said()
    {
        string run = Run("grm", [Labelled("r", 0)], [List("r", 0, 9, 1) with { Neutralised = 3 }, List("r", 1, 1, 9)], prompt: null);
        TrainingReport old = await ExportAsync(run, TrainingForm.Spct);
        Assert.Contains(old.Warnings, static w => w.Contains("older version", StringComparison.Ordinal));
        Assert.Contains(old.Warnings, static w => w.StartsWith("1 examples hold another number of neutralised strings", StringComparison.Ordinal));
        TrainingReport other = await ExportAsync(run, TrainingForm.Spct, o => o with { Batch = Write("labelled.jsonl", [Labelled("r", 0) with { Domain = "added" }]) });
        Assert.Contains(other.Warnings, static w => w.Contains("not the file that was judged", StringComparison.Ordinal));
        File.AppendAllText(Path.Combine(run, "..", Path.GetFileName(run) + ".jsonl"), "\n");
        await RefusedAsync(run, "no longer what was judged", static o => o);
        File.Delete(Path.Combine(run, "..", Path.GetFileName(run) + ".jsonl"));
        await RefusedAsync(run, "is not there", static o => o);
        await RefusedAsync(run, "no batch at", static o => o with { Batch = "nowhere.jsonl" });
        await RefusedAsync(_folder, "has no manifest.json", static o => o);
        Assert.DoesNotContain(Directory.EnumerateFiles(Path.Combine(_folder, "out")), static f => f.EndsWith('~'));
    }

    [Fact]
    public async Task A_run_under_way_is_exported_from_its_parts()
    {
        string run = Run("grm", [Labelled("a", 0), Labelled("b", 0)], []);
        File.Delete(Path.Combine(run, RunFiles.Judgements));
        string parts = Directory.CreateDirectory(Path.Combine(run, "parts", "000000")).FullName;
        WriteLedger(Path.Combine(parts, "ledger-00-000-0000.jsonl"), [List("a", 0, 9, 1), List("b", 0, 1, 9)]);
        WriteLedger(Path.Combine(parts, "ledger-00-001-0000.jsonl"), [List("b", 1, 9, 1), List("a", 1, 3, 9)]);
        File.AppendAllText(Path.Combine(parts, "ledger-00-001-0000.jsonl"), "{\"rolloutId\":\"torn");
        TrainingReport report = await ExportAsync(run, TrainingForm.Spct);
        Assert.Equal((4L, 2L), (report.Judgements, report.Kept));
        File.AppendAllText(Path.Combine(parts, "ledger-00-001-0000.jsonl"), "\n");
        TrainingReport told = await ExportAsync(run, TrainingForm.Spct);
        Assert.Equal((4L, 2L), (told.Judgements, told.Kept));
        Assert.Contains(told.Warnings, static note => note.StartsWith("1 lines of the run", StringComparison.Ordinal));
    }

    private static TracedJudgement Line(Random random, int rollouts, string protocol, bool pairs)
    {
        string id = $"r{random.Next(rollouts + 2)}";
        int sample = random.Next(6);
        TracedJudgement line = random.Next(4) == 0 ? Bad(id, sample, (JudgementOutcome)random.Next(1, 5), pairs) with { Protocol = protocol }
            : pairs ? Pair(id, sample, random.Next(2) == 0 ? [0, 1] : [1, 0], random.Next(2), protocol)
            : List(id, sample, random.Next(1, 4), random.Next(1, 4));
        line = random.Next(5) == 0 ? Hint(line) : line;
        return random.Next(10) == 0 ? line with { Protocol = "imported" } : line;
    }

    private static Rollout Labelled(string id, int best) => new()
    {
        Id = id,
        Prompt = [new Message("user", "Which?")],
        Responses = [new Response("one"), new Response("two")],
        Best = [best],
    };

    private static TracedJudgement List(string id, int sample, double first, double second) => new()
    {
        RolloutId = id,
        Sample = sample,
        Protocol = "grm",
        Judge = "j",
        Order = [0, 1],
        Outcome = JudgementOutcome.Valid,
        Finish = "stop",
        Scores = [first, second],
        Text = $"Scores: \\boxed{{{first}, {second}}}",
    };

    private static TracedJudgement Pair(string id, int sample, int[] order, int winner, string protocol = "rm-r1") => new()
    {
        RolloutId = id,
        Sample = sample,
        Protocol = protocol,
        Judge = "j",
        Order = order,
        Pair = [0, 1],
        Outcome = JudgementOutcome.Valid,
        Finish = "stop",
        Winner = winner,
        Text = protocol == "rrm" ? $"<think>\nhm\n</think>\n\n\\boxed{{Assistant {Array.IndexOf(order, winner) + 1}}}" : $"<answer>[[{"AB"[Array.IndexOf(order, winner)]}]]</answer>",
    };

    private static TracedJudgement Bad(string id, int sample, JudgementOutcome outcome, bool pair = false) => new()
    {
        RolloutId = id,
        Sample = sample,
        Protocol = pair ? "rm-r1" : "grm",
        Judge = "j",
        Order = [0, 1],
        Pair = pair ? [0, 1] : null,
        Outcome = outcome,
        Finish = "stop",
        Text = outcome == JudgementOutcome.Failed ? null : "no verdict",
    };

    private static TracedJudgement Hint(TracedJudgement judgement) => judgement with { Sample = Hints.FirstSample + judgement.Sample, Hinted = true };

    private static JsonNode? Plain(JsonNode? node)
    {
        // A missing field and a null are the same to every reader of either format.
        if (node is JsonObject fields)
        {
            foreach (string name in fields.Where(static f => f.Value is null).Select(static f => f.Key).ToArray())
            {
                fields.Remove(name);
            }

            foreach (KeyValuePair<string, JsonNode?> field in fields)
            {
                Plain(field.Value);
            }
        }
        else if (node is JsonArray items)
        {
            foreach (JsonNode? item in items)
            {
                Plain(item);
            }
        }

        return node;
    }

    private string Run(string protocol, Rollout[] rollouts, TracedJudgement[] ledger, string name = "run", string? prompt = "built-in")
    {
        string run = Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;
        string batch = Write(name + ".jsonl", rollouts);
        var manifest = new RunManifest
        {
            RunId = name,
            Request = new EvaluationRequest { Batch = batch, Protocol = protocol },
            Batch = new LocalBatchFile(batch).FingerprintAsync(CancellationToken.None).GetAwaiter().GetResult(),
            Judge = "j",
            Model = "m",
            Protocol = protocol,
            Prompt = prompt == "built-in" ? PromptFingerprint.Of(ProtocolCatalog.Resolve(protocol, "m").Protocol) : prompt,
            Sampling = new SamplingDefaults(1, 1, 100),
        };
        File.WriteAllBytes(Path.Combine(run, RunFiles.Manifest), JsonSerializer.SerializeToUtf8Bytes(manifest, RunsJson.Default.RunManifest));
        WriteLedger(Path.Combine(run, RunFiles.Judgements), ledger);
        return run;
    }

    private static void WriteLedger(string path, TracedJudgement[] ledger)
    {
        var buffer = new ArrayBufferWriter<byte>();
        foreach (TracedJudgement judgement in ledger)
        {
            JudgementLine.Write(buffer, judgement);
        }

        File.WriteAllBytes(path, buffer.WrittenSpan);
    }

    private string Write(string name, Rollout[] rollouts)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllLines(path, rollouts.Select(static r => JsonSerializer.Serialize(r, TribunalJson.Default.Rollout)));
        return path;
    }

    private Task<TrainingReport> ExportAsync(string run, TrainingForm form, Func<TrainingExportOptions, TrainingExportOptions>? change = null)
    {
        var options = new TrainingExportOptions { Run = run, Output = Path.Combine(_folder, "out"), Form = form };
        return TrainingExport.WriteAsync(change?.Invoke(options) ?? options);
    }

    private async Task RefusedAsync(string run, string why, Func<TrainingExportOptions, TrainingExportOptions> change)
    {
        TrainingExportException refused = await Assert.ThrowsAsync<TrainingExportException>(() => ExportAsync(run, TrainingForm.Spct, change));
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
    }

    private JsonElement[] Rows() => [.. File.ReadLines(Path.Combine(_folder, "out", "train.jsonl")).Select(static line => JsonDocument.Parse(line).RootElement)];

    private async Task<JsonNode?[]> ParquetAsync()
    {
        await using FileStream file = File.OpenRead(Path.Combine(_folder, "out", "train.parquet"));
        var rows = new List<JsonNode?>();
        await foreach (RawRecord record in ParquetRows.ReadAsync(file, BatchLimits.Default, static _ => true, CancellationToken.None))
        {
            rows.Add(JsonNode.Parse(record.Bytes.Span));
        }

        return [.. rows];
    }

    private async Task<string[]> ColumnsAsync()
    {
        await using FileStream file = File.OpenRead(Path.Combine(_folder, "out", "train.parquet"));
        await using ParquetReader reader = await ParquetReader.CreateAsync(file);
        return [.. reader.Schema.Fields.Select(static f => f.Name).Order(StringComparer.Ordinal)];
    }
}
