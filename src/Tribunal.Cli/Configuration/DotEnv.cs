namespace Tribunal.Cli.Configuration;

/// <summary><c>.env</c> of the working folder: environment variables, keys mostly, for who does not want them in the shell.</summary>
internal static class DotEnv
{
    public const string FileName = ".env";

    /// <summary>Sets what that of the working folder says.</summary>
    public static void Load() => Load(".");

    /// <summary>Sets what it says and the environment does not. Lines are <c>NAME=VALUE</c>; <c>export</c>, quotes and comments are as in a shell.</summary>
    public static void Load(string folder)
    {
        string path = Path.Combine(folder, FileName);
        string[] lines;
        try
        {
            lines = File.Exists(path) ? File.ReadAllLines(path) : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A file that is not for this user says nothing; what misses its key says so by itself.
            return;
        }

        foreach (string line in lines)
        {
            string text = line.Trim();
            text = text.StartsWith("export ", StringComparison.Ordinal) ? text["export ".Length..].TrimStart() : text;
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1 || text[0] == '#')
            {
                continue;
            }

            string name = text[..equals].TrimEnd();
            if (Environment.GetEnvironmentVariable(name) is null)
            {
                Environment.SetEnvironmentVariable(name, ValueOf(text[(equals + 1)..].Trim()));
            }
        }
    }

    private static string ValueOf(string text)
    {
        if (text.Length > 1 && text[0] is '"' or '\'' && text.IndexOf(text[0], 1) is > 0 and var end)
        {
            return text[1..end];
        }

        int comment = text.IndexOf(" #", StringComparison.Ordinal);
        return comment < 0 ? text : text[..comment].TrimEnd();
    }
}
