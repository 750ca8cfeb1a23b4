using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Storage;

namespace Tribunal.Viewer.Index;

/// <summary>Where a text was found.</summary>
/// <param name="Where"><c>id</c>, <c>prompt</c>, <c>response</c> or <c>trace</c>.</param>
/// <param name="Snippet">What stands around it.</param>
internal sealed record SearchHit(string Where, string Snippet);

/// <summary>Rows in which a text was found, and the first place in each.</summary>
internal sealed class SearchHits
{
    // Who searches for what is everywhere sees the first of it.
    private const int MostSnippets = 5000;
    private readonly ConcurrentDictionary<int, SearchHit?> _hits = new();

    public int Count => _hits.Count;

    public bool Has(int row) => _hits.ContainsKey(row);

    public SearchHit? Of(int row) => _hits.GetValueOrDefault(row);

    public void Add(int row, Func<SearchHit> hit) => _hits.TryAdd(row, _hits.Count < MostSnippets ? hit() : null);
}

/// <summary>
/// Looks for a text in ids, prompts, responses and traces, whatever its case, over the files as they lie: a line is only taken apart
/// where its bytes hold the text as JSON may write it.
/// </summary>
internal sealed class TextSearch : IDisposable
{
    private const int Around = 60;
    private static readonly TimeSpan AgainAfter = TimeSpan.FromMilliseconds(100);
    private readonly CancellationTokenSource _end = new();
    private long _scanned;

    private TextSearch(string text) => Text = text;

    /// <summary>What is looked for.</summary>
    public string Text { get; }

    public SearchHits Hits { get; } = new();

    /// <summary>Bytes looked through.</summary>
    public long Scanned => Interlocked.Read(ref _scanned);

    public bool IsDone { get; private set; }

    /// <summary>Why it ended before its end; null where it didn't.</summary>
    public string? Fault { get; private set; }

    public static TextSearch Start(RunSource source, RunIndex index, string text)
    {
        var search = new TextSearch(text);
        _ = Task.Run(() => search.RunAsync(source, index));
        return search;
    }

    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
    }

    private async Task RunAsync(RunSource source, RunIndex index)
    {
        CancellationToken token = _end.Token;
        try
        {
            // What is found has a row; the ledgers to look through are known when the index is whole.
            while (index.Progress.Share < 1)
            {
                await Task.Delay(AgainAfter, TimeProvider.System, token);
            }

            for (int row = 0; row < index.Count; row++)
            {
                Look(row, "id", index.IdOf(row));
            }

            await Task.WhenAll(
                Task.Run(() => BatchAsync(source, index, token), token),
                Task.Run(() => LedgerAsync(source, index, token), token));
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or JsonException)
        {
            Fault = exception.Message;
        }
        finally
        {
            IsDone = true;
        }
    }

    private bool Look(int row, string where, string? text)
    {
        int at = text?.IndexOf(Text, StringComparison.OrdinalIgnoreCase) ?? -1;
        if (at >= 0)
        {
            int from = Math.Max(0, at - Around);
            int to = Math.Min(text!.Length, at + Text.Length + Around);
            Hits.Add(row, () => new SearchHit(where, $"{(from > 0 ? "…" : "")}{text[from..to]}{(to < text.Length ? "…" : "")}"));
        }

        return at >= 0;
    }

    private async Task BatchAsync(RunSource source, RunIndex index, CancellationToken token)
    {
        if (await source.Batch.OpenAsync(0, token) is not { } stream)
        {
            return;
        }

        await using (stream)
        {
            await foreach (BatchLine line in RolloutReader.ReadAsync(stream, cancellationToken: token))
            {
                Interlocked.Add(ref _scanned, line.Length);
                if (line.Rollout is { } rollout && index.Find(rollout.Id) is >= 0 and var row && !Hits.Has(row))
                {
                    _ = rollout.Prompt.Any(turn => Look(row, "prompt", turn.Content)) || rollout.Responses.Any(response => Look(row, "response", response.Content));
                }
            }
        }
    }

    private async Task LedgerAsync(RunSource source, RunIndex index, CancellationToken token)
    {
        SearchValues<string> forms = SearchValues.Create([.. Forms(Text)], StringComparison.OrdinalIgnoreCase);
        foreach (string name in index.Files.ToArray())
        {
            if (await source.Store.OpenReadAsync(name, token) is not { } stream)
            {
                continue;
            }

            await using (stream)
            {
                await LinesAsync(stream, forms, index, token);
            }
        }
    }

    private async Task LinesAsync(Stream stream, SearchValues<string> forms, RunIndex index, CancellationToken token)
    {
        char[] chars = new char[256 * 1024];
        var sweep = new Sweep();
        using var lines = new LineReader(stream);
        while (await lines.FillAsync(token))
        {
            sweep.Up();
            while (lines.TryNext(out ReadOnlySpan<byte> line))
            {
                if (line.Length > chars.Length)
                {
                    chars = new char[line.Length];
                }

                int length = Encoding.UTF8.GetChars(line, chars);
                if (chars.AsSpan(0, length).ContainsAny(forms) && StoredLedger.TryRead(line, JudgementLine.ReadTraced) is { Hinted: false } judgement)
                {
                    Look(judgement, index);
                }

                Interlocked.Add(ref _scanned, line.Length + 1);
            }
        }
    }

    private void Look(TracedJudgement judgement, RunIndex index)
    {
        if (index.Find(judgement.RolloutId) is >= 0 and var row && !Hits.Has(row))
        {
            _ = Look(row, "trace", judgement.Text) || Look(row, "trace", judgement.Reasoning) || Look(row, "trace", judgement.Why);
        }
    }

    // As this tool writes it, and as writers do that leave nothing but ASCII.
    private static IEnumerable<string> Forms(string text)
    {
        yield return JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value;
        if (text.Any(static c => c > 127))
        {
            yield return string.Concat(text.Select(static c => c > 127
                ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}")
                : JsonEncodedText.Encode(c.ToString(), JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value));
            yield return text;
        }
    }
}
