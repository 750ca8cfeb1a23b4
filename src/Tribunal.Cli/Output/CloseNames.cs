using System.CommandLine;

namespace Tribunal.Cli.Output;

/// <summary>What a command or option that there is not was probably meant to be.</summary>
internal static class CloseNames
{
    private static readonly Dictionary<string, string> Renamed = new(StringComparer.Ordinal)
    {
        ["--max-output-tokens"] = "--max-tokens",
        ["--max-cost"] = "--max-total-cost",
        ["--max-tokens"] = "--max-total-tokens",
    };

    /// <summary>One sentence on the first word that the command does not know; null where it knows all.</summary>
    public static string? Say(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string? option = parsed.UnmatchedTokens.FirstOrDefault(static token => token.StartsWith('-') && token.Length > 1);
        if (option is not null)
        {
            string name = option.Split('=', ':')[0];
            if (Renamed.TryGetValue(name, out string? now) && command.Options.Any(o => o.Name == now))
            {
                return $"{name} is called {now} now";
            }

            IEnumerable<string> names = command.Options.SelectMany(static o => o.Aliases.Prepend(o.Name)).Where(static n => n.StartsWith("--", StringComparison.Ordinal));
            return $"there is no option {name}{Meant(name, names)}";
        }

        return command.Subcommands.Count > 0 && parsed.UnmatchedTokens is [var word, ..]
            ? $"there is no command {word}{Meant(word, command.Subcommands.Select(static sub => sub.Name))}"
            : null;
    }

    /// <summary>A question after the name that a word was probably meant to be; nothing where none is near.</summary>
    public static string Meant(string word, IEnumerable<string> names)
    {
        (string Name, int Far)[] near = [.. names.Distinct(StringComparer.Ordinal).Select(name => (name, Distance(word, name))).OrderBy(static pair => pair.Item2).Take(1)];
        return near is [var (name, far)] && far <= Math.Max(2, word.Length / 3) ? $"; did you mean {name}?" : "";
    }

    // Letters to put in, take out, change or swap with their neighbour (optimal string alignment).
    private static int Distance(string a, string b)
    {
        int[,] d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                d[i, j] = i == 0 || j == 0 ? i + j : Math.Min(Math.Min(d[i - 1, j] + 1, d[i, j - 1] + 1), d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
                }
            }
        }

        return d[a.Length, b.Length];
    }
}
