using System.Runtime.CompilerServices;
using Tribunal.Benchmarks;
using Tribunal.Formats.Batches;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Suites;

/// <summary>One item of a benchmark, or a record that gives none, with its place.</summary>
/// <param name="File">Name of the file, relative to the path given.</param>
/// <param name="Line">Line or record number in it, from 1.</param>
/// <param name="Rollout">What to judge; null with an error.</param>
/// <param name="Error">Why the record can't be used.</param>
public sealed record BenchmarkLine(string File, long Line, Rollout? Rollout, string? Error);

/// <summary>There is nothing of the benchmark at the path; the message says what is expected and where to get it.</summary>
public sealed class BenchmarkDataException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>Reads a benchmark from the files its authors publish: one file, or a folder of them.</summary>
public static class BenchmarkReader
{
    private static readonly string[] Endings = [".jsonl", ".json", ".ndjson", ".parquet"];
    private static readonly string[] Compressions = ["", ".gz", ".zst", ".zstd"];

    /// <summary>Reads the items in the files' order, names ordinal; ids that repeat are reported, not returned.</summary>
    /// <param name="suite">The benchmark.</param>
    /// <param name="path">A file, or a folder that is searched with everything below it.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="BenchmarkDataException">
    /// The path does not exist, holds none of the suite's files, or not one usable record of it; thrown while enumerating.
    /// </exception>
    public static async IAsyncEnumerable<BenchmarkLine> ReadAsync(
        IBenchmarkSuite suite, string path, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var validator = new RolloutValidator();
        bool any = false;
        string? firstError = null;
        foreach ((string name, string file) in Files(suite, path))
        {
            await using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.Read, 64 * 1024, FileOptions.Asynchronous | FileOptions.SequentialScan);
            await using IAsyncEnumerator<BatchLine> lines = RolloutReader.ReadAsync(stream, cancellationToken: cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (await NextAsync(lines, suite, name))
            {
                foreach (BenchmarkLine line in Items(suite, lines.Current, name, file, validator))
                {
                    any |= line.Rollout is not null;
                    firstError ??= line.Error is null ? null : $"{name}, record {line.Line}: {line.Error}";
                    yield return line;
                }
            }
        }

        if (!any)
        {
            throw new BenchmarkDataException($"{path} holds no record of {suite.Title}{(firstError is null ? "" : $" ({firstError})")}. Expected: {suite.Source}");
        }
    }

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<BatchLine> lines, IBenchmarkSuite suite, string name)
    {
        try
        {
            return await lines.MoveNextAsync();
        }
        catch (BatchFormatException exception)
        {
            throw new BenchmarkDataException($"{name}: {exception.Message}. Expected: {suite.Source}", exception);
        }
    }

    private static IEnumerable<BenchmarkLine> Items(IBenchmarkSuite suite, BatchLine record, string name, string path, RolloutValidator validator)
    {
        if (record.Error is not null)
        {
            return [new BenchmarkLine(name, record.Line, null, record.Error)];
        }

        try
        {
            return suite.Items(record.Rollout!, path).Select(item => validator.Check(item) is { } fault
                ? new BenchmarkLine(name, record.Line, null, fault)
                : new BenchmarkLine(name, record.Line, item, null));
        }
        catch (FormatException exception)
        {
            return [new BenchmarkLine(name, record.Line, null, exception.Message)];
        }
    }

    private static IEnumerable<(string Name, string Path)> Files(IBenchmarkSuite suite, string path)
    {
        if (File.Exists(path))
        {
            return [(Path.GetFileName(path), WithSlashes(Path.GetFullPath(path)))];
        }

        if (!Directory.Exists(path))
        {
            throw new BenchmarkDataException($"{path} does not exist. {suite.Title} expects {suite.Source}");
        }

        string[] names =
        [
            .. Directory.EnumerateFiles(path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.Hidden })
                .Select(file => WithSlashes(Path.GetRelativePath(path, file)))
                .Where(static name => Endings.Any(ending => Compressions.Any(compression => name.EndsWith(ending + compression, StringComparison.OrdinalIgnoreCase))))
                .Order(StringComparer.Ordinal),
        ];
        IReadOnlyList<string> chosen = suite.Choose(names);
        return chosen.Count == 0
            ? throw new BenchmarkDataException($"{path} holds none of the files of {suite.Title}. Expected: {suite.Source}")
            : chosen.Select(name => (name, WithSlashes(Path.GetFullPath(Path.Combine(path, name)))));
    }

    private static string WithSlashes(string path) => path.Replace(Path.DirectorySeparatorChar, '/');
}
