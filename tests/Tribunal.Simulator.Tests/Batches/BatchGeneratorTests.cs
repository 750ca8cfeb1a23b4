using System.Text.Json;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;
using Tribunal.Simulator.Batches;
using Tribunal.Simulator.Judging;

namespace Tribunal.Simulator.Tests.Batches;

public sealed class BatchGeneratorTests
{
    [Fact]
    public void Best_is_the_response_of_the_highest_latent_quality()
    {
        var engine = new JudgeEngine(new SimulatedJudgeOptions { Seed = 9 });
        foreach (Rollout rollout in BatchGenerator.Generate(new BatchOptions { Rollouts = 200, MaxResponses = 5, JudgeSeed = 9 }))
        {
            double[] qualities = [.. rollout.Responses.Select(r => engine.Quality(r.Content))];
            Assert.Equal([Array.IndexOf(qualities, qualities.Max())], rollout.Best!);
        }
    }

    [Fact]
    public void Qualities_keep_the_spread_of_a_standard_normal()
    {
        var engine = new JudgeEngine();
        double[] qualities = [.. BatchGenerator.Generate(new BatchOptions { Rollouts = 2000 }).SelectMany(static r => r.Responses).Select(r => engine.Quality(r.Content))];
        double mean = qualities.Average();
        Assert.InRange(mean, -0.06, 0.06);
        Assert.InRange(qualities.Average(q => (q - mean) * (q - mean)), 0.92, 1.08);
    }

    [Fact]
    public void A_batch_is_as_it_was_asked_for()
    {
        var options = new BatchOptions { Rollouts = 300, MinResponses = 2, MaxResponses = 5, MinTokens = 40, MaxTokens = 200, IdPrefix = "x" };
        Rollout[] batch = [.. BatchGenerator.Generate(options)];
        Assert.Equal(300, batch.Select(static r => r.Id).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal([2, 3, 4, 5], batch.Select(static r => r.Responses.Count).Distinct().Order());
        Assert.Equal(["chat", "code", "math"], batch.Select(static r => r.Domain!).Distinct().Order());
        Assert.InRange(batch.Count(static r => r.Prompt.Count == 3), 25, 65);
        Assert.InRange(batch.Count(static r => r.Reference is not null), 30, 70);
        Assert.All(batch, static r => Assert.Equal(r.Responses.Count, r.Responses.Select(static p => p.Content).Distinct(StringComparer.Ordinal).Count()));
        Assert.All(batch.SelectMany(static r => r.Responses), static r => Assert.InRange(TokenCount.Of(r.Content), 25, 240));
        Assert.Equal(Lines(batch), Lines([.. BatchGenerator.Generate(options)]));
        Assert.NotEqual(Lines(batch), Lines([.. BatchGenerator.Generate(options with { Seed = 2 })]));
    }

    [Fact]
    public void Texts_pass_through_every_prompt_unchanged()
    {
        // Else the judge would see another text than the one that best was decided by.
        foreach (Rollout rollout in BatchGenerator.Generate(new BatchOptions { Rollouts = 300 }))
        {
            foreach (string variant in ProtocolCatalog.Variants)
            {
                JudgePrompt prompt = Asked.Protocol(variant).Compose(rollout, [1, 0]);
                Assert.Equal(0, prompt.Neutralised);
                Assert.Contains(rollout.Responses[0].Content, prompt.Messages[^1].Content, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task The_sample_batch_is_what_the_generator_writes()
    {
        using var written = new MemoryStream();
        await BatchGenerator.WriteAsync(written, new BatchOptions { Rollouts = 40, MinResponses = 2, MaxResponses = 5, Seed = 1, IdPrefix = "sample" });
        string path = Path.Combine(Root(), "samples", "rollouts.jsonl");
        Assert.Equal(await File.ReadAllTextAsync(path), System.Text.Encoding.UTF8.GetString(written.ToArray()));
        Rollout[] batch = [.. (await File.ReadAllLinesAsync(path)).Select(static line => JsonSerializer.Deserialize(line, TribunalJson.Default.Rollout)!)];
        Assert.Equal([2, 3, 4, 5], batch.Select(static r => r.Responses.Count).Distinct().Order());
        Assert.Equal(3, batch.Select(static r => r.Domain).Distinct(StringComparer.Ordinal).Count());
        Assert.Contains(batch, static r => r.Prompt.Count > 1);
        Assert.Contains(batch, static r => r.Reference is not null);
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        Assert.Contains("most responses", Assert.Throws<ArgumentException>(() => BatchGenerator.Generate(new BatchOptions { MinResponses = 4 })).Message, StringComparison.Ordinal);
    }

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Pipeline.sln")))
        {
            folder = folder.Parent;
        }

        Assert.NotNull(folder);
        return folder.FullName;
    }

    private static string[] Lines(Rollout[] batch) => [.. batch.Select(static r => JsonSerializer.Serialize(r, TribunalJson.Default.Rollout))];
}
