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

    /// <summary>Reads the files once.</summary>
    /// <exception cref="LedgerException">A line is not a judgement; the message gives its number and why.</exception>
    public static async Task<LedgerIndex> BuildAsync(IReadOnlyList<string> files, CancellationToken cancellationToken)
    {
        var index = new LedgerIndex();
        try
        {
            foreach (string path in files)
            {
                await index.AddAsync(path, cancellationToken);
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
    public IReadOnlyList<Judgement> Take(string rolloutId)
    {
        if (!_places.Remove(rolloutId, out List<Place>? places))
        {
            return [];
        }

        var judgements = new Judgement[places.Count];
        for (int i = 0; i < judgements.Length; i++)
        {
            byte[] line = new byte[places[i].Length];
            int read = 0;
            while (read < line.Length && RandomAccess.Read(_files[places[i].File], line.AsSpan(read), places[i].Offset + read) is > 0 and int more)
            {
                read += more;
            }

            judgements[i] = JudgementLine.Read(line.AsSpan(0, read), withText: true);
        }

        return judgements;
    }

    public void Dispose() => _files.ForEach(static file => file.Dispose());

    private async Task AddAsync(string path, CancellationToken cancellationToken)
    {
        _files.Add(File.OpenHandle(path));
        await using FileStream stream = File.OpenRead(path);
        using var lines = new LineReader(stream);
        long offset = 0;
        long number = 0;
        while (await lines.FillAsync(cancellationToken))
        {
            while (lines.TryNext(out ReadOnlySpan<byte> line))
            {
                number++;
                if (line.Trim(" \t\r"u8).Length > 0)
                {
                    Add(line, offset, number, path);
                }

                offset += line.Length + 1;
            }
        }
    }

    private void Add(ReadOnlySpan<byte> line, long offset, long number, string path)
    {
        Judgement judgement;
        try
        {
            judgement = JudgementLine.Read(line, withText: false);
        }
        catch (System.Text.Json.JsonException exception)
        {
            throw new LedgerException($"line {number} of {path} is not a judgement: {exception.Message}", exception);
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
