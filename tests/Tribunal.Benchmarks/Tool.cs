using System.Runtime.InteropServices;

namespace Tribunal.Benchmarks;

/// <summary>The command-line tool as a process.</summary>
internal static class Tool
{
    /// <summary>The path of the tool that was named, or of the one built beside this program in the same configuration.</summary>
    public static string Of(FileInfo? named)
    {
        // …/tests/Tribunal.Benchmarks/bin/Release/net10.0/
        string built = Path.Combine(AppContext.BaseDirectory, "../../../../../src/Tribunal.Cli/bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0/Tribunal.Cli.dll");
        string path = named?.FullName ?? Path.GetFullPath(built);
        return File.Exists(path) ? path : throw new FileNotFoundException($"there is no tool at {path}");
    }

    /// <summary>Publishes the tool for this platform, which is native code; returns the executable.</summary>
    public static async Task<string> PublishAsync(DirectoryInfo folder, CancellationToken cancellationToken)
    {
        await Console.Error.WriteLineAsync("compiling the tool for this platform, which takes minutes (--built: the one built here)");
        await Measured.RunAsync("dotnet", ["publish", Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../../src/Tribunal.Cli")), "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier, "-o", folder.FullName], cancellationToken);
        return Path.Combine(folder.FullName, OperatingSystem.IsWindows() ? "Tribunal.Cli.exe" : "Tribunal.Cli");
    }

    /// <summary>Runs it to its end.</summary>
    public static Task<Measured> RunAsync(string path, IEnumerable<string> arguments, CancellationToken cancellationToken) =>
        path.EndsWith(".dll", StringComparison.Ordinal) ? Measured.RunAsync("dotnet", [path, .. arguments], cancellationToken) : Measured.RunAsync(path, arguments, cancellationToken);
}
