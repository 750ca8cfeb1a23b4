using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tribunal.Calibration;
using Tribunal.Reports;
using Tribunal.Runs.Labels;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;
using Tribunal.Sampling;
using Tribunal.Viewer.Forms;
using Tribunal.Viewer.Index;
using Tribunal.Viewer.Live;

namespace Tribunal.Viewer.Pages;

/// <summary>A run that the viewer shows: its index is made when it is first opened, and anew when its files have changed.</summary>
internal sealed class ViewedRun : IDisposable
{
    private const string TagsFile = "tags.json";
    private const int Searches = 3;
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FarLookAgain = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RowAgain = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan UnderWayAgain = TimeSpan.FromSeconds(5);
    private readonly IRunStore _store;
    private readonly Func<string, IBatchFile> _openBatch;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _one = new(1);
    private readonly Lock _gate = new();
    private readonly List<TextSearch> _searches = [];
    private Dictionary<int, (sbyte Right, double Chance)> _people = [];
    private int _labelVersion;
    private RunIndex? _index;
    private string? _stamp;
    private long _looked;
    private long _built;
    private TimeSpan _took;
    private (string Key, int Version, int[] Rows)? _last;

    /// <param name="store">Where it lives.</param>
    /// <param name="place">Where that is, for people.</param>
    /// <param name="source">What it says of itself.</param>
    /// <param name="openBatch">Opens a batch by the path in its request.</param>
    /// <param name="time">The clock.</param>
    public ViewedRun(IRunStore store, string place, RunSource source, Func<string, IBatchFile> openBatch, TimeProvider time)
    {
        (_store, Source, _openBatch, _time) = (store, source, openBatch, time);
        Key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(place)))[..12];
        Watch = new LedgerWatch(store, time, source.Folder is null);
    }

    /// <summary>What addresses name it by.</summary>
    public string Key { get; }

    /// <summary>As it was when it was looked at last.</summary>
    public RunSource Source { get; private set; }

    /// <summary>People's labels.</summary>
    public RunLabels Labels { get; private set; } = new();

    /// <summary>What people call it.</summary>
    public IReadOnlyList<string> Tags { get; private set; } = [];

    /// <summary>How its ledger grows.</summary>
    public LedgerWatch Watch { get; }

    public RunContents Contents => Source.Summary is { } summary ? new RunContents(_store, Source.Place, Source.Manifest, summary, Source.Original) : throw new ReportException($"{Source.Place} has no summary yet");

    /// <summary>Looks at the run again, at most once a second.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (_looked != 0 && _time.GetElapsedTime(_looked) < (Source is { Folder: null, Summary.Status: RunStatus.Complete } ? FarLookAgain : LookAgain))
            {
                return;
            }

            Source = await RunSource.OpenAsync(_store, Source.Place, _openBatch, cancellationToken) ?? Source;
            Tags = await ReadTagsAsync(cancellationToken);
            RunLabels labels = await RunLabels.ReadAsync(_store, cancellationToken);
            if (labels.Count != Labels.Count || labels.All.Any(label => Labels.Of(label.RolloutId) is not { } known || known.At != label.At))
            {
                await TakeAsync(labels, cancellationToken);
            }

            _looked = _time.GetTimestamp();
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>The index, as far as it is; one that is old is shown until the next is whole.</summary>
    public async Task<RunIndex> IndexAsync(CancellationToken cancellationToken)
    {
        await LookAsync(cancellationToken);
        await _one.WaitAsync(cancellationToken);
        try
        {
            string? stamp = Source.Stamp();
            bool old = _index is null || stamp != _stamp
                || (stamp is null && _time.GetElapsedTime(_built) > (_took * 10 > UnderWayAgain ? _took * 10 : UnderWayAgain));
            if (!old || _index is { IsWhole: false })
            {
                return _index!;
            }

            RunIndex? read = stamp is null ? null : IndexFile.TryRead(Source, stamp);
            RunIndex next = read ?? new RunIndex();
            bool first = _index is null;
            if (read is null)
            {
                _ = BuildAsync(Source, stamp, next, first);
            }

            if (first || read is not null)
            {
                await SetAsync(next, cancellationToken);
            }

            (_stamp, _built) = (stamp, _time.GetTimestamp());
            return _index!;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>The index once it has a row, or is whole without it.</summary>
    public async Task<RunIndex> IndexWithAsync(int row, CancellationToken cancellationToken)
    {
        RunIndex index = await IndexAsync(cancellationToken);
        while (row >= index.Count && index.Progress.Share < 1)
        {
            await Task.Delay(RowAgain, _time, cancellationToken);
            index = await IndexAsync(cancellationToken);
        }

        return index;
    }

    /// <summary>The rows that pass a query, in its order, kept until something changes; null for all in the batch's.</summary>
    public (int[]? Rows, TextSearch? Search) Rows(RunIndex index, RowQuery query)
    {
        if (query.IsAll)
        {
            return (null, null);
        }

        TextSearch? search = query.Text is { Length: > 0 } text ? SearchOf(index, text) : null;
        lock (_gate)
        {
            int version = HashCode.Combine(index.Version, index.Count, search?.Hits.Count ?? 0, _labelVersion, index.GetHashCode());
            if (_last is { } last && last.Key == query.Key && last.Version == version)
            {
                return (last.Rows, search);
            }

            int[] rows = RowFilters.Apply(index, query, row => RightOf(index, row), Labels, search?.Hits);
            _last = (query.Key, version, rows);
            return (rows, search);
        }
    }

    /// <summary>Whether the row's best is right, by people where they say so: 1, 0, or −1 where nobody knows.</summary>
    public sbyte RightOf(RunIndex index, int row) => _people.TryGetValue(row, out (sbyte Right, double Chance) said) ? said.Right : index.Rows[row].Right;

    /// <summary>Takes a person's label in: it is in the file when this ends.</summary>
    public async Task LabelAsync(RolloutLabel label, CancellationToken cancellationToken)
    {
        await RunLabels.AppendAsync(_store, label, cancellationToken);
        await _one.WaitAsync(cancellationToken);
        try
        {
            await TakeAsync(await RunLabels.ReadAsync(_store, cancellationToken), cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    public async Task TagAsync(TagsForm tags, CancellationToken cancellationToken)
    {
        await _store.WriteDocumentAsync(TagsFile, JsonSerializer.SerializeToUtf8Bytes(tags, ViewerJson.Default.TagsForm), cancellationToken);
        Tags = tags.Tags;
    }

    private async Task<IReadOnlyList<string>> ReadTagsAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _store.ReadDocumentAsync(TagsFile, cancellationToken) is { } json ? JsonSerializer.Deserialize(json, ViewerJson.Default.TagsForm)?.Tags ?? [] : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    /// <summary>The summary, with people's labels in accuracy and calibration; null while there is none.</summary>
    public RunSummary? Summary()
    {
        if (Source.Summary is not { } summary || _people.Count == 0 || _index is not { IsWhole: true } index)
        {
            return Source.Summary;
        }

        var sums = new SummaryPart();
        ReadOnlySpan<IndexRow> rows = index.Rows;
        for (int row = 0; row < rows.Length; row++)
        {
            string domain = rows[row].Domain is >= 0 and var number ? index.Domains[number] : "";
            if (!sums.Domains.TryGetValue(domain, out DomainSums? own))
            {
                sums.Domains.Add(domain, own = new DomainSums());
            }

            if (RightOf(index, row) is >= 0 and var right)
            {
                own.Labelled++;
                own.Correct += right;
                own.Chance += _people.TryGetValue(row, out (sbyte Right, double Chance) said) ? said.Chance : rows[row].Chance;
                sums.Confidences.Add(index.IdOf(row), double.IsNaN(rows[row].Confidence) ? 0 : rows[row].Confidence, right == 1);
            }
        }

        return SummaryWriter.Relabel(summary, sums);
    }

    /// <summary>As it stands in the table of runs.</summary>
    public async Task<RunForm> FormAsync(CancellationToken cancellationToken)
    {
        await LookAsync(cancellationToken);
        RunSummary? summary = Summary();
        RunManifest? manifest = Source.Manifest;
        EvaluationRequest? request = manifest?.Request;
        return new RunForm
        {
            Key = Key,
            Name = manifest?.RunId is { Length: > 0 } id && manifest.RunId != "vote" ? id : Path.GetFileName(Source.Place.TrimEnd('/', '\\')),
            Place = Source.Place,
            State = StateOf(),
            Judge = manifest?.Judge ?? summary?.Judge,
            Model = manifest?.Model ?? summary?.Model,
            Protocol = manifest?.Protocol ?? summary?.Protocol,
            Policy = request?.Policy is { } policy ? policy.Kind == PolicyKind.Fixed ? $"fixed, {policy.Samples}" : $"{policy.Kind.ToString().ToLowerInvariant()}, {policy.Min} to {policy.Max}" : null,
            Meta = request?.Meta.Model is { } meta and not "none" ? meta : null,
            Tournament = request?.Tournament.Kind is { } kind and not Tournaments.TournamentKind.None ? kind.ToString().ToLowerInvariant() : null,
            Accuracy = summary?.Overall.Accuracy,
            Chance = summary?.Overall.Chance,
            ValidRate = summary?.ValidRate,
            Cost = summary?.Cost,
            Rollouts = manifest?.Rollouts ?? summary?.Rollouts ?? 0,
            Judgements = summary?.Judgements.Drawn,
            Usage = summary?.Usage,
            Created = manifest?.Created,
            Simulated = manifest?.Simulated ?? summary?.Simulated ?? false,
            Tags = Tags,
            Labels = Labels.Count,
        };
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _searches.ForEach(static search => search.Dispose());
            _searches.Clear();
        }

        _index?.Dispose();
        Watch.Dispose();
        _one.Dispose();
    }

    private string StateOf() => Source.Manifest is null ? "vote" : Source.Summary is null || Watch.IsGrowing ? "running" : Source.Summary.Status == RunStatus.Complete ? "done" : "stopped";

    private async Task BuildAsync(RunSource source, string? stamp, RunIndex index, bool shown)
    {
        await Task.Yield();
        long started = _time.GetTimestamp();
        try
        {
            PlaceList places = await Task.Run(() => new IndexBuilder(source, index).BuildAsync(CancellationToken.None));
            if (stamp is not null)
            {
                IndexFile.Write(source, stamp, index, places);
            }
        }
        catch (Exception exception) when (exception is IOException or JsonException or UnauthorizedAccessException)
        {
            index.Progress = new ProgressForm($"can't be read on: {exception.Message}", 1);
        }

        await _one.WaitAsync();
        try
        {
            _took = _time.GetElapsedTime(started);
            if (!shown)
            {
                await SetAsync(index, CancellationToken.None);
            }
            else
            {
                await TakeAsync(Labels, CancellationToken.None);
            }
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task SetAsync(RunIndex index, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _searches.ForEach(static search => search.Dispose());
            _searches.Clear();
        }

        RunIndex? before = _index;
        _index = index;
        before?.Dispose();
        await TakeAsync(Labels, cancellationToken);
    }

    private async Task TakeAsync(RunLabels labels, CancellationToken cancellationToken)
    {
        Labels = labels;
        var people = new Dictionary<int, (sbyte Right, double Chance)>();
        if (_index is { } index)
        {
            foreach (RolloutLabel label in labels.All.Where(static label => label.Best is not null))
            {
                int row = index.Find(label.RolloutId);
                if (row >= 0 && index.Rows[row] is { Batch: >= 0 } known && await Source.Batch.ReadAsync(known.Batch, known.BatchLength, known.BatchLine, cancellationToken) is { } rollout)
                {
                    rollout = label.ApplyTo(rollout);
                    people[row] = (Rightness.Of(known.Best, rollout), Rightness.ChanceOf(rollout));
                }
            }
        }

        lock (_gate)
        {
            _labelVersion++;
            _people = people;
        }
    }

    private TextSearch SearchOf(RunIndex index, string text)
    {
        lock (_gate)
        {
            if (_searches.Find(search => search.Text == text) is { } known)
            {
                return known;
            }

            if (_searches.Count == Searches)
            {
                _searches[0].Dispose();
                _searches.RemoveAt(0);
            }

            var search = TextSearch.Start(Source, index, text);
            _searches.Add(search);
            return search;
        }
    }
}
