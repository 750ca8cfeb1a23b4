using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Tribunal.Runs;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;

namespace Tribunal.Viewer.Live;

/// <summary>How to start this tool again.</summary>
/// <param name="Path">Its executable.</param>
/// <param name="Arguments">What stands before its own arguments: the assembly, where a runtime runs it.</param>
public sealed record ToolPath(string Path, IReadOnlyList<string> Arguments)
{
    /// <summary>The process that this is.</summary>
    public static ToolPath OfThisProcess()
    {
        string path = Environment.ProcessPath ?? "tribunal";
        string first = Environment.GetCommandLineArgs()[0];
        return System.IO.Path.GetFileNameWithoutExtension(path) == "dotnet" && first.EndsWith(".dll", StringComparison.OrdinalIgnoreCase)
            ? new ToolPath(path, [System.IO.Path.GetFullPath(first)])
            : new ToolPath(path, []);
    }
}

/// <summary>
/// Goes on with local runs by the command that they were worked on with, in a process of its own that outlives the page. Only
/// <c>score</c> into the run's own folder: the page chooses whether, never what.
/// </summary>
internal sealed class RunResumer(ToolPath tool)
{
    private const int Said = 2000;
    private static readonly string[] Outputs = ["--output", "-o"];
    private readonly ConcurrentDictionary<string, Started> _started = new(StringComparer.Ordinal);

    /// <summary>The command that goes on with a run; null where none was recorded, or it is not one that may run from here.</summary>
    public static async Task<RunCommand?> CommandAsync(IRunStore store, string? folder, CancellationToken cancellationToken)
    {
        if (folder is null || await store.ReadDocumentAsync(RunFiles.CommandLine, cancellationToken) is not { } json)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(json, RunsJson.Default.RunCommand) is { } command && IsOf(command, folder) ? command : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Starts it. The new process owns the run or ends, so that two clicks start one.</summary>
    public void Start(string folder, RunCommand command)
    {
        var start = new ProcessStartInfo(tool.Path)
        {
            WorkingDirectory = command.Folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false,
        };
        foreach (string argument in tool.Arguments.Concat(command.Arguments))
        {
            start.ArgumentList.Add(argument);
        }

        var started = new Started(Process.Start(start) ?? throw new IOException($"{tool.Path} can't be started"));
        _started[folder] = started;
    }

    /// <summary>Whether a process that was started from here works on the run.</summary>
    public bool IsWorking(string folder) => _started.TryGetValue(folder, out Started? started) && !started.Process.HasExited;

    /// <summary>What the process that was started last wrote at its end, where it failed; null otherwise.</summary>
    public string? FaultOf(string folder) =>
        _started.TryGetValue(folder, out Started? started) && started.Process.HasExited && started.Process.ExitCode is not (0 or 1 or 130) ? started.Errors : null;

    // Options before the folder and after it may be any; the folder is one that is named and is the run's.
    private static bool IsOf(RunCommand command, string folder)
    {
        if (command.Arguments is not ["score", ..] || !Path.IsPathFullyQualified(command.Folder) || !Directory.Exists(command.Folder))
        {
            return false;
        }

        for (int i = 1; i < command.Arguments.Count; i++)
        {
            string argument = command.Arguments[i];
            string? named = Outputs.Contains(argument) && i + 1 < command.Arguments.Count ? command.Arguments[i + 1]
                : argument.StartsWith("--output=", StringComparison.Ordinal) ? argument["--output=".Length..] : null;
            if (named is not null)
            {
                return Path.TrimEndingDirectorySeparator(Path.GetFullPath(named, command.Folder)) == Path.TrimEndingDirectorySeparator(folder);
            }
        }

        return false;
    }

    private sealed class Started
    {
        private readonly StringBuilder _errors = new();

        public Started(Process process)
        {
            Process = process;
            process.OutputDataReceived += static (_, _) => { };
            process.ErrorDataReceived += (_, line) =>
            {
                lock (_errors)
                {
                    _errors.AppendLine(line.Data);
                    _errors.Remove(0, Math.Max(0, _errors.Length - Said));
                }
            };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            process.StandardInput.Close();
        }

        public Process Process { get; }

        public string Errors
        {
            get
            {
                lock (_errors)
                {
                    return _errors.ToString().Trim();
                }
            }
        }
    }
}
