using Microsoft.Win32.SafeHandles;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;

namespace Tribunal.Runs.Exports;

/// <summary>Where the lines of each rollout stand in ledger files, so that texts are read a rollout at a time: about 50 bytes a line in memory.</summary>
internal sealed class LedgerIndex : IDisposable
{
    private readonly Dictionary<string, List<Place>> _places = new(StringComparer.Ordinal);
    private readonly HashSet<(string Rollout, int Sample, string Judge, string Protocol, long Seed)> _standing = [];
    private readonly List<SafeFileHandle> _files = [];

    /// <summary>Judgements in all: one that stands twice is one.</summary>
    public long Lines { get; private set; }

    /// <summary>Lines of rollouts that were not taken.</summary>
    public long Left => _places.Values.Sum(static places => (long)places.Count);

    /// <summary>Lines of a run under way that could not be read: the run draws them again.</summary>
    public long Unreadable { get; private set; }

    /// <summary>Reads the files once.</summary>
    /// <exception cref="LedgerException">A line is not a judgement; the message gives its number and why.</exception>
    public static async Task<LedgerIndex> BuildAsync(IReadOnlyList<string> files, bool underWay, CancellationToken cancellationToken)
    {
        var index = new LedgerIndex();
        try
        {
            foreach (string path in files)
            {
                await index.AddAsync(path, underWay, cancellationToken);
            }
        }
        catch
        {
            index.Dispose();
            throw;
        }

        return index;
    }

    /// <summary>A rollout's lines with their texts; a second time there are none.</summary>
    public IReadOnlyList<TracedJudgement> Take(string rolloutId)
    {
        if (!_places.Remove(rolloutId, out List<Place>? places))
        {
            return [];
        }

        var judgements = new TracedJudgement[places.Count];
        for (int i = 0; i < judgements.Length; i++)
        {
            byte[] line = new byte[places[i].Length];
            int read = 0;
            while (read < line.Length && RandomAccess.Read(_files[places[i].File], line.AsSpan(read), places[i].Offset + read) is > 0 and int more)
            {
                read += more;
            }

            judgements[i] = JudgementLine.ReadTraced(line.AsSpan(0, read));
        }

        return judgements;
    }

    public void Dispose() => _files.ForEach(static file => file.Dispose());

    private async Task AddAsync(string path, bool underWay, CancellationToken cancellationToken)
    {
        _files.Add(File.OpenHandle(path));
        await using FileStream stream = File.OpenRead(path);
        using var lines = new LineReader(stream);
        Action? onUnreadable = underWay ? () => Unreadable++ : null;
        long offset = 0;
        long number = 0;
        while (await lines.FillAsync(cancellationToken))
        {
            while (lines.TryNext(out ReadOnlySpan<byte> line))
            {
                Add(line, offset, LedgerReader.TryRead(line, JudgementLine.Read, ++number, path, cut: false, onUnreadable));
                offset += line.Length + 1;
            }
        }

        Add(lines.Rest, offset, LedgerReader.TryRead(lines.Rest, JudgementLine.Read, ++number, path, cut: true, onUnreadable));
    }

    private void Add(ReadOnlySpan<byte> line, long offset, Judgement? read)
    {
        if (read is not { } judgement)
        {
            return;
        }

        if (!_standing.Add((judgement.RolloutId, judgement.Sample, judgement.Judge, judgement.Protocol, judgement.Seed)))
        {
            return;
        }

        if (!_places.TryGetValue(judgement.RolloutId, out List<Place>? places))
        {
            _places.Add(judgement.RolloutId, places = []);
        }

        places.Add(new Place(_files.Count - 1, line.Length, offset));
        Lines++;
    }

    private readonly record struct Place(int File, int Length, long Offset);
}
