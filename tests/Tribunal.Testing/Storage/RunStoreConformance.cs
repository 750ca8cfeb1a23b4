using System.Text;
using CsCheck;
using Tribunal.Runs.Storage;

namespace Tribunal.Testing.Storage;

/// <summary>What every run store promises.</summary>
public abstract class RunStoreConformance
{
    private static int _runs;
    private IRunStore? _store;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IRunStore Store => _store ??= Open(NewRunId());

    [Fact]
    public async Task A_document_is_created_once()
    {
        Assert.Null(await Store.ReadDocumentAsync("manifest.json", Cancel));
        Assert.True(await Store.TryCreateDocumentAsync("manifest.json", "first"u8.ToArray(), Cancel));
        Assert.False(await Store.TryCreateDocumentAsync("manifest.json", "second"u8.ToArray(), Cancel));
        Assert.Equal("first", await DocumentAsync("manifest.json"));
    }

    [Fact]
    public async Task Of_many_creators_one_wins_and_its_content_stands()
    {
        string run = Store.RunId;
        bool[] won = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => Open(run).TryCreateDocumentAsync("claim", new[] { (byte)i }, Cancel))));
        Assert.Single(won, true);
        Assert.Equal([(byte)Array.IndexOf(won, true)], (await Store.ReadDocumentAsync("claim", Cancel))!);
    }

    [Fact]
    public async Task A_document_is_replaced_whole()
    {
        await Store.WriteDocumentAsync("a/b.json", new byte[300_000], Cancel);
        await Store.WriteDocumentAsync("a/b.json", "short"u8.ToArray(), Cancel);
        Assert.Equal("short", await DocumentAsync("a/b.json"));
    }

    [Fact]
    public async Task An_empty_document_is_there()
    {
        await Store.WriteDocumentAsync("empty", ReadOnlyMemory<byte>.Empty, Cancel);
        Assert.Empty((await Store.ReadDocumentAsync("empty", Cancel))!);
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/../b")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b")]
    [InlineData("a b")]
    [InlineData("a\\b")]
    [InlineData("a%2e")]
    [InlineData("a~0001")]
    public async Task Names_can_not_leave_the_run(string name)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Store.ReadDocumentAsync(name, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.WriteDocumentAsync(name, default, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.OpenPartAsync(name, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.DeleteAsync(name, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.StitchAsync(name, [], Cancel));
    }

    [Fact]
    public async Task What_was_appended_is_read_while_it_grows_and_after_reopening()
    {
        await using (ILedgerPart part = await Store.OpenPartAsync("shards/0001.jsonl", Cancel))
        {
            Assert.Equal("", await TextAsync(await Store.OpenReadAsync("shards/0001.jsonl", Cancel)));
            await part.AppendAsync("one\ntwo\n"u8.ToArray(), Cancel);
            await part.AppendAsync("three\n"u8.ToArray(), Cancel);
            Assert.Equal("one\ntwo\nthree\n", await TextAsync(await Store.OpenReadAsync("shards/0001.jsonl", Cancel)));
        }

        await using ILedgerPart again = await Open(Store.RunId).OpenPartAsync("shards/0001.jsonl", Cancel);
        await again.AppendAsync("four\n"u8.ToArray(), Cancel);
        Assert.Equal("one\ntwo\nthree\nfour\n", await TextAsync(await Store.OpenReadAsync("shards/0001.jsonl", Cancel)));
    }

    [Fact]
    public async Task A_part_has_one_writer()
    {
        await using ILedgerPart first = await Store.OpenPartAsync("part", Cancel);
        await Assert.ThrowsAsync<PartBusyException>(() => Open(Store.RunId).OpenPartAsync("part", Cancel));
        await first.AppendAsync("mine\n"u8.ToArray(), Cancel);
        await first.DisposeAsync();
        await using ILedgerPart second = await Open(Store.RunId).OpenPartAsync("part", Cancel);
        Assert.Equal("mine\n", await TextAsync(await Store.OpenReadAsync("part", Cancel)));
    }

    [Fact]
    public async Task A_torn_last_line_is_dropped_when_the_part_is_opened()
    {
        await TearAsync(Store.RunId, "torn", "whole\nhal");
        await using ILedgerPart part = await Store.OpenPartAsync("torn", Cancel);
        Assert.Equal("whole\n", await TextAsync(await Store.OpenReadAsync("torn", Cancel)));
        await part.AppendAsync("next\n"u8.ToArray(), Cancel);
        Assert.Equal("whole\nnext\n", await TextAsync(await Store.OpenReadAsync("torn", Cancel)));
    }

    [Fact]
    public async Task A_part_of_nothing_but_a_torn_line_is_empty()
    {
        await TearAsync(Store.RunId, "torn", new string('x', 200_000));
        await using ILedgerPart part = await Store.OpenPartAsync("torn", Cancel);
        Assert.Equal("", await TextAsync(await Store.OpenReadAsync("torn", Cancel)));
    }

    [Fact]
    public async Task Stitching_joins_parts_in_the_order_given_without_torn_lines()
    {
        await AppendAsync("parts/b", "b1\nb2\n");
        await AppendAsync("parts/a", "a1\n");
        await TearAsync(Store.RunId, "parts/t", "t1\nt");
        await Store.StitchAsync("all.jsonl", ["parts/b", "parts/missing", "parts/t", "parts/a"], Cancel);
        Assert.Equal("b1\nb2\nt1\na1\n", await TextAsync(await Store.OpenReadAsync("all.jsonl", Cancel)));
    }

    [Fact]
    public async Task Reading_may_begin_at_any_byte()
    {
        const string all = "one\ntwo\nthree\nfour\nfive\n";
        foreach (string line in all.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            await AppendAsync("part", line + "\n");
        }

        for (int offset = 0; offset <= all.Length + 1; offset++)
        {
            Assert.Equal(all[Math.Min(offset, all.Length)..], await TextAsync(await Store.OpenReadAsync("part", offset, Cancel)));
        }

        Assert.Null(await Store.OpenReadAsync("missing", 3, Cancel));
    }

    [Fact]
    public async Task Stitching_again_replaces()
    {
        await AppendAsync("parts/a", "a1\n");
        await Store.StitchAsync("all.jsonl", ["parts/a"], Cancel);
        await AppendAsync("parts/b", "b1\n");
        await Store.StitchAsync("all.jsonl", ["parts/b"], Cancel);
        Assert.Equal("b1\n", await TextAsync(await Store.OpenReadAsync("all.jsonl", Cancel)));
    }

    [Fact]
    public async Task Stitching_nothing_gives_an_empty_file()
    {
        await Store.StitchAsync("none.jsonl", [], Cancel);
        Assert.Equal("", await TextAsync(await Store.OpenReadAsync("none.jsonl", Cancel)));
    }

    [Fact]
    public async Task Whatever_is_appended_in_whatever_pieces_comes_back()
    {
        await Gen.String[Gen.Char["ab\u00e9\u20ac"], 0, 40].Array[0, 12].Array[1, 5].SampleAsync(
            async batches =>
            {
                IRunStore store = Open(NewRunId());
                StringBuilder expected = new();
                for (int i = 0; i < batches.Length; i++)
                {
                    string text = string.Concat(batches[i].Select(static line => line + "\n"));
                    expected.Append(text);
                    await using ILedgerPart part = await store.OpenPartAsync($"p/{i % 2}", Cancel);
                    await part.AppendAsync(Encoding.UTF8.GetBytes(text), Cancel);
                }

                string joined = string.Concat(batches.Where(static (_, i) => i % 2 == 0).Concat(batches.Where(static (_, i) => i % 2 == 1)).SelectMany(static b => b).Select(static line => line + "\n"));
                await store.StitchAsync("all", ["p/0", "p/1"], Cancel);
                Assert.Equal(joined, await TextAsync(await store.OpenReadAsync("all", Cancel)));
            },
            iter: 15,
            threads: 1);
    }

    [Fact]
    public async Task A_listing_is_in_ordinal_order_below_its_prefix()
    {
        foreach (string name in (string[])["shards/10/x", "shards/9/x", "shards-old/x", "manifest.json", "Z"])
        {
            await Store.WriteDocumentAsync(name, "x"u8.ToArray(), Cancel);
        }

        await AppendAsync("shards/10/part", "l\n");
        Assert.Equal(["shards/10/part", "shards/10/x", "shards/9/x"], await ListAsync("shards/"));
        Assert.Equal(["Z", "manifest.json", "shards-old/x", "shards/10/part", "shards/10/x", "shards/9/x"], await ListAsync(""));
        Assert.Empty(await ListAsync("nothing/"));
    }

    [Fact]
    public async Task Deleting_is_for_good_and_may_be_repeated()
    {
        await AppendAsync("part", "one\n");
        await Store.DeleteAsync("part", Cancel);
        await Store.DeleteAsync("part", Cancel);
        Assert.Null(await Store.OpenReadAsync("part", Cancel));
        await AppendAsync("part", "two\n");
        Assert.Equal("two\n", await TextAsync(await Store.OpenReadAsync("part", Cancel)));
    }

    [Fact]
    public async Task Runs_do_not_see_each_other()
    {
        await Store.WriteDocumentAsync("a", "1"u8.ToArray(), Cancel);
        IRunStore other = Open(Store.RunId + "-2");
        Assert.Null(await other.ReadDocumentAsync("a", Cancel));
    }

    protected abstract IRunStore Open(string runId);

    /// <summary>Leaves a part as a writer does that was killed in the middle of a line.</summary>
    protected abstract Task TearAsync(string runId, string name, string content);

    protected static string NewRunId() => $"run-{Interlocked.Increment(ref _runs)}";

    protected static async Task<string> TextAsync(Stream? stream)
    {
        Assert.NotNull(stream);
        using StreamReader reader = new(stream);
        return await reader.ReadToEndAsync(Cancel);
    }

    private async Task<string> DocumentAsync(string name) => Encoding.UTF8.GetString((await Store.ReadDocumentAsync(name, Cancel))!);

    private async Task AppendAsync(string name, string lines)
    {
        await using ILedgerPart part = await Store.OpenPartAsync(name, Cancel);
        await part.AppendAsync(Encoding.UTF8.GetBytes(lines), Cancel);
    }

    private async Task<List<string>> ListAsync(string prefix)
    {
        List<string> names = [];
        await foreach (string name in Store.ListAsync(prefix, Cancel))
        {
            names.Add(name);
        }

        return names;
    }
}
