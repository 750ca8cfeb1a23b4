using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Tribunal.Benchmarks;

/// <summary>What a process took, from its start to its end.</summary>
/// <param name="Wall">Time from start to end.</param>
/// <param name="Cpu">User and system time of the process and of what it started.</param>
/// <param name="PeakMiB">Highest resident set, MiB, read every 20 ms from the kernel's own high-water mark.</param>
internal sealed partial record Measured(TimeSpan Wall, TimeSpan Cpu, double PeakMiB)
{
    /// <summary>Runs a command to its end.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message has what it printed.</exception>
    public static async Task<Measured> RunAsync(string file, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        TimeSpan before = ChildrenCpu();
        long start = Stopwatch.GetTimestamp();
        using Process process = Start(file, arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        Task<string> errors = process.StandardError.ReadToEndAsync(cancellationToken);
        Task end = process.WaitForExitAsync(cancellationToken);
        long peakKiB = 0;
        while (!end.IsCompleted)
        {
            peakKiB = Math.Max(peakKiB, HighWaterKiB(process.Id));
            await Task.WhenAny(end, Task.Delay(20, cancellationToken));
        }

        await end;
        TimeSpan wall = Stopwatch.GetElapsedTime(start);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{file} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{await output}\n{await errors}");
        }

        return new Measured(wall, ChildrenCpu() - before, peakKiB / 1024.0);
    }

    /// <summary>Starts a command with its output redirected.</summary>
    public static Process Start(string file, IEnumerable<string> arguments) => Process.Start(new ProcessStartInfo(file, arguments)
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static long HighWaterKiB(int process)
    {
        try
        {
            string line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(static line => line.StartsWith("VmHWM:", StringComparison.Ordinal)) ?? "";
            return long.Parse(line.AsSpan().TrimEnd("kB ")["VmHWM:".Length..].Trim(), CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is IOException or FormatException or ArgumentOutOfRangeException)
        {
            // Gone between two looks.
            return 0;
        }
    }

    // The kernel's account of children that have ended: exact, where /proc counts ticks of 10 ms.
    private static unsafe TimeSpan ChildrenCpu()
    {
        const int Children = -1;
        long* usage = stackalloc long[18];
        return getrusage(Children, usage) == 0
            ? TimeSpan.FromMicroseconds(((usage[0] + usage[2]) * 1_000_000) + usage[1] + usage[3])
            : throw new PlatformNotSupportedException("getrusage failed: this benchmark needs Linux");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int getrusage(int who, long* usage);
}
