using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Reflection;
using System.Text.RegularExpressions;
using Tribunal.Protocols.Declared;

namespace Tribunal.Protocols.Catalog;

/// <summary>
/// The protocols of the catalog that are files: embedded, read when they are asked for, and once. Those that send their authors'
/// own prompts are named with licence and source in <c>NOTICE.md</c> beside them.
/// </summary>
public static partial class DeclaredCatalog
{
    private const string Extension = ".yaml";

    private static readonly ConcurrentDictionary<string, Lazy<DeclaredProtocol>> Read = new(StringComparer.Ordinal);
    private static readonly FrozenSet<string> Known = [.. Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(static name => name.EndsWith(Extension, StringComparison.Ordinal)).Select(static name => name[..^Extension.Length])];

    // A line of each file, which is all that choosing needs.
    private static readonly Lazy<(string Name, string[][] Models)[]> Published = new(static () =>
        [.. Names!.Select(static name => (name, ModelsLine().Match(TextOf(name)).Groups["models"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(static model => Words(model)).ToArray()))]);

    /// <summary>Their names, in order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Known.Order(StringComparer.Ordinal)];

    /// <summary>Whether there is one of the name.</summary>
    public static bool Contains(string name) => Known.Contains(name);

    /// <summary>The protocol of a name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static DeclaredProtocol Of(string name) => Read.GetOrAdd(
        name, static name => new Lazy<DeclaredProtocol>(() => new DeclaredProtocol(ProtocolFileReader.Read(TextOf(name))))).Value;

    /// <summary>The file of a name: a start for one's own.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static string TextOf(string name)
    {
        if (!Contains(name))
        {
            throw new ArgumentException($"unknown protocol '{name}' (known: {string.Join(", ", Names)})", nameof(name));
        }

        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name + Extension)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>The protocol whose file names the model; null where none does.</summary>
    /// <param name="model">The model's name.</param>
    public static string? For(string model)
    {
        string[] words = Words(model);
        return Published.Value.SelectMany(static file => file.Models, static (file, named) => (file.Name, Named: named))
            .Where(one => Contains(words, one.Named)).OrderByDescending(static one => one.Named.Length).Select(static one => one.Name).FirstOrDefault();
    }

    private static bool Contains(string[] words, string[] named) =>
        Enumerable.Range(0, Math.Max(0, words.Length - named.Length + 1)).Any(start => words.AsSpan(start, named.Length).SequenceEqual(named));

    private static string[] Words(string model) =>
        model.ToLowerInvariant().Split(['/', '-', '_', '.', ' ', ':', '@', '\\', '^'], StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex(@"^models: \[(?<models>[^\]\n]*)\]", RegexOptions.Multiline)]
    private static partial Regex ModelsLine();
}
