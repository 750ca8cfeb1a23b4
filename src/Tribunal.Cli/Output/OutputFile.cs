using System.CommandLine;
using System.IO.Compression;
using Tribunal.Formats.Lines;
using ZstdSharp;

namespace Tribunal.Cli.Output;

/// <summary>
/// A file that a command line names to be written: in the form and compression that its name says, whole or not at all, <c>-</c> for
/// standard output. A name that says a form which the command does not write is refused with those that it does.
/// </summary>
internal static class OutputFile
{
    public const string OptionName = "--output";

    /// <summary>The name of standard output.</summary>
    public const string Standard = "-";

    private static readonly string[] Compressions = [".gz", ".zst"];

    /// <summary>An option that names such a file.</summary>
    /// <param name="description">What is written.</param>
    /// <param name="forms">The endings of names that it can be written under, the usual one first; none takes any.</param>
    public static Option<string?> Option(string description, params string[] forms) => Option(OptionName, description, forms);

    /// <summary>The same, by another name.</summary>
    public static Option<string?> Option(string name, string description, string[] forms)
    {
        Option<string?> option = name == OptionName ? new(name, "-o") : new(name);
        option.Description = $"{description} - is standard output.";
        option.HelpName = "FILE";
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } path && WhyNot(path, forms) is { } fault)
            {
                result.AddError($"{name} {fault}");
            }
        });
        return option;
    }

    /// <summary>Marks an option as one that has to be given.</summary>
    public static Option<string?> Needed(this Option<string?> option)
    {
        option.Required = true;
        return option;
    }

    /// <summary>Why a file can't be written under a name; null when it can.</summary>
    public static string? WhyNot(string path, IReadOnlyList<string> forms)
    {
        string form = FormOf(path);
        bool compressed = CompressionOf(path) is not null;
        return path is Standard or "" || forms.Count == 0 || IsDevice(path) || (form.Length == 0 && !compressed) || (forms.Contains(form) && (!compressed || MayCompress(form))) ? null
            : $"{path}: this is written as {string.Join(", ", forms)}{(forms.Any(MayCompress) ? $" (also {string.Join(" and ", Compressions.Select(end => forms.First(MayCompress) + end))})" : "")}, or to {Standard} for standard output";
    }

    /// <summary>The ending that says the form, such as <c>.csv</c> of <c>x.csv.gz</c>, in lower case; empty for none.</summary>
    public static string FormOf(string path) => Path.GetExtension(CompressionOf(path) is { } compression ? path[..^compression.Length] : path).ToLowerInvariant();

    /// <summary>What people call it.</summary>
    public static string Say(string path) => path == Standard ? "standard output" : path;

    /// <summary>Writes it.</summary>
    /// <param name="path">Its name, or <c>-</c>.</param>
    /// <param name="write">Writes the content.</param>
    public static async Task<T> WriteAsync<T>(string path, Func<Stream, Task<T>> write)
    {
        if (path == Standard)
        {
            await using Stream console = Console.OpenStandardOutput();
            T written = await write(console);
            await console.FlushAsync();
            return written;
        }

        return await WholeFile.WriteAsync(path, async file =>
        {
            switch (CompressionOf(path))
            {
                case ".gz":
                    await using (var gzip = new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true))
                    {
                        return await write(gzip);
                    }

                case ".zst":
                    await using (var zstd = new CompressionStream(file, leaveOpen: true))
                    {
                        return await write(zstd);
                    }

                default:
                    return await write(file);
            }
        });
    }

    /// <summary>Writes bytes.</summary>
    public static Task WriteAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => WriteAsync(path, async stream =>
    {
        await stream.WriteAsync(content, cancellationToken);
        return true;
    });

    /// <summary>Writes a text.</summary>
    public static Task WriteAsync(string path, string content, CancellationToken cancellationToken) => WriteAsync(path, System.Text.Encoding.UTF8.GetBytes(content), cancellationToken);

    // Parquet is compressed inside, and a page is opened as it is.
    private static bool MayCompress(string form) => form is ".jsonl" or ".json" or ".csv";

    private static string? CompressionOf(string path) => Array.Find(Compressions, end => path.EndsWith(end, StringComparison.OrdinalIgnoreCase));

    private static bool IsDevice(string path) => Path.GetFullPath(path).StartsWith("/dev/", StringComparison.Ordinal);
}
