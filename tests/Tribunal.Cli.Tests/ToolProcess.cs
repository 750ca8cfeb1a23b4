using System.Diagnostics;

namespace Tribunal.Cli.Tests;

/// <summary>What a call of the tool printed and how it ended.</summary>
internal sealed record ToolResult(int ExitCode, string Output, string Errors);

/// <summary>Runs the tool as people do: as a process.</summary>
internal static class ToolProcess
{
    private static readonly string? Native = Environment.GetEnvironmentVariable("TRIBUNAL_TOOL") is { Length: > 0 } named ? Path.GetFullPath(named) : null;

    /// <summary>Whether the tool is the native one that TRIBUNAL_TOOL names, and not the one built here.</summary>
    public static bool IsNative => Native is not null;

    /// <summary>What starts the tool on the .NET runtime.</summary>
    public static IReadOnlyList<string> Managed { get; } = ["dotnet", Path.Combine(AppContext.BaseDirectory, "Tribunal.Cli.dll")];

    /// <summary>What starts the tool.</summary>
    public static IReadOnlyList<string> Command { get; } = Native is not null ? [Native] : Managed;

    public static async Task<ToolResult> RunAsync(string workingFolder, params string[] arguments)
    {
        using Process process = Start(workingFolder, arguments);
        return await EndAsync(process);
    }

    /// <summary>Runs it with a standard input and an environment of its own.</summary>
    public static async Task<ToolResult> RunAsync(string workingFolder, string? input, IReadOnlyDictionary<string, string?> environment, params string[] arguments)
    {
        ProcessStartInfo start = Describe(workingFolder, [.. Command, .. arguments]);
        start.RedirectStandardInput = true;
        foreach ((string name, string? value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        return await EndAsync(process);
    }

    public static Process Start(string workingFolder, params string[] arguments) => Process.Start(Describe(workingFolder, [.. Command, .. arguments]))!;

    /// <summary>Starts it so that signals reach it, whatever the test run itself ignores (a shell's background job ignores SIGINT).</summary>
    public static Process StartForSignals(string workingFolder, params string[] arguments) =>
        Process.Start(Describe(workingFolder, ["env", "--default-signal=INT,TERM,HUP", .. Command, .. arguments]))!;

    /// <summary>Sends a signal, such as <c>INT</c>.</summary>
    public static async Task SignalAsync(Process process, string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Runs a script in bash.</summary>
    public static async Task<ToolResult> BashAsync(string workingFolder, string script)
    {
        using Process process = Process.Start(Describe(workingFolder, ["bash", "-c", script]))!;
        return await EndAsync(process);
    }

    /// <summary>Reads its errors until a line holds this text.</summary>
    public static async Task UntilSaidAsync(Process process, string text)
    {
        string? line;
        do
        {
            line = await process.StandardError.ReadLineAsync();
        }
        while (line is not null && !line.Contains(text, StringComparison.Ordinal));

        Assert.True(line is not null, $"it ended and never said '{text}'");
    }

    /// <summary>Reads what it prints until it ends.</summary>
    public static async Task<ToolResult> EndAsync(Process process)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new ToolResult(process.ExitCode, await output, await errors);
    }

    /// <summary>A process with its output redirected.</summary>
    public static ProcessStartInfo Describe(string workingFolder, IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            WorkingDirectory = workingFolder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        return start;
    }
}
