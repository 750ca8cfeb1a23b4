using System.CommandLine;
using System.CommandLine.Parsing;

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

    // What the same thing is called in promptfoo, Inspect, lm_eval and the servers' own clients.
    private static readonly Dictionary<string, string> Habits = new(StringComparer.Ordinal)
    {
        ["-m"] = "--model", ["--model_args"] = "--model", ["--model-name"] = "--model", ["--model_name"] = "--model",
        ["--base-url"] = "--judge", ["--base_url"] = "--judge", ["--model-base-url"] = "--judge", ["--api-base"] = "--judge", ["--endpoint"] = "--judge", ["--url"] = "--judge",
        ["--api-key"] = "--api-key-env", ["--api_key"] = "--api-key-env", ["--key"] = "--api-key-env",
        ["--max-connections"] = "--concurrency", ["--max-concurrency"] = "--concurrency", ["--num_concurrent"] = "--concurrency", ["-j"] = "--concurrency", ["--batch_size"] = "--concurrency",
        ["--log-dir"] = "--output", ["--output_path"] = "--output", ["--output-path"] = "--output", ["--out"] = "--output", ["--outdir"] = "--output",
        ["--epochs"] = "--samples", ["--repeat"] = "--samples", ["--num-samples"] = "--samples", ["-n"] = "--samples", ["--n"] = "--samples",
        ["--max_tokens"] = "--max-tokens", ["--max_gen_toks"] = "--max-tokens", ["--max-new-tokens"] = "--max-tokens", ["--gen_kwargs"] = "--temperature",
        ["-c"] = "--config", ["-v"] = "--log-level", ["--verbose"] = "--log-level", ["--verbosity"] = "--log-level", ["--debug"] = "--log-level", ["--no-progress-bar"] = "--quiet", ["--silent"] = "--quiet",
    };

    private static readonly Dictionary<string, string> CommandHabits = new(StringComparer.Ordinal)
    {
        ["eval"] = "score", ["evaluate"] = "score", ["judge"] = "score", ["run"] = "score", ["retry"] = "score", ["eval-retry"] = "score", ["ls"] = "runs", ["list"] = "judges", ["models"] = "judges", ["log"] = "view", ["init"] = "config schema",
    };

    /// <summary>One sentence on the first word that the command does not know; null where it knows all.</summary>
    public static string? Say(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string? option = parsed.UnmatchedTokens.Prepend(Taken(parsed.CommandResult)).FirstOrDefault(static token => token is ['-', _, ..]);
        if (option is not null)
        {
            string name = option.Split('=', ':')[0];
            if (Renamed.TryGetValue(name, out string? now) && command.Options.Any(o => o.Name == now))
            {
                return $"{name} is called {now} now";
            }

            IEnumerable<string> names = command.Options.SelectMany(static o => o.Aliases.Prepend(o.Name)).Where(static n => n.StartsWith("--", StringComparison.Ordinal));
            return Habits.TryGetValue(name, out string? here) && parsed.CommandResult.Command.Options.Concat(parsed.RootCommandResult.Command.Options).Any(o => o.Name == here)
                ? $"there is no option {name}; here it is {here}"
                : $"there is no option {name}{Meant(name, names)}";
        }

        return parsed.UnmatchedTokens is not [var word, ..] ? null
            : command.Subcommands.Count == 0 ? $"'{word}' is one argument too many{(command.Name is "score" or "submit" ? "; a batch is one file: cat FILES | tribunal score - takes JSON Lines of several" : "")}"
            : CommandHabits.TryGetValue(word, out string? meant) && command is RootCommand ? $"there is no command {word}; here it is {meant}"
            : $"there is no command {word}{Meant(word, command.Subcommands.Select(static sub => sub.Name))}";
    }

    // An unknown option before the arguments is taken for the first of them.
    private static string? Taken(CommandResult result) =>
        result.Children.OfType<ArgumentResult>().SelectMany(static argument => argument.Tokens).Select(static token => token.Value).FirstOrDefault(static value => value.StartsWith("--", StringComparison.Ordinal));

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
