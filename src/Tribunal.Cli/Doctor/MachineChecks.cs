using System.Globalization;
using System.Runtime;
using System.Runtime.InteropServices;

namespace Tribunal.Cli.Doctor;

/// <summary>The machine that runs the tool.</summary>
internal static class MachineChecks
{
    private const long LittleSpace = 1L << 30;

    public static void Run(Checkup checkup, string folder, int concurrency)
    {
        checkup.Ok("runtime", $"{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.OSDescription.Trim()}, {Environment.ProcessorCount} processors, {(GCSettings.IsServerGC ? "server" : "workstation")} collector");
        OpenFiles(checkup, concurrency);
        Space(checkup, folder);
    }

    private static void OpenFiles(Checkup checkup, int concurrency)
    {
        const string Limits = "/proc/self/limits";
        string? line = File.Exists(Limits) ? File.ReadLines(Limits).FirstOrDefault(static line => line.StartsWith("Max open files", StringComparison.Ordinal)) : null;
        if (line is null || !long.TryParse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3], NumberStyles.None, CultureInfo.InvariantCulture, out long limit))
        {
            checkup.Skip("open files", "this system does not say, or sets no limit");
        }
        else if (limit < 256 + (2L * concurrency))
        {
            checkup.Warn("open files", $"{limit} at most, {concurrency} requests at a time", $"raise it: ulimit -n {Math.Max(4096, 4 * concurrency)}");
        }
        else
        {
            checkup.Ok("open files", $"{limit} at most");
        }
    }

    private static void Space(Checkup checkup, string folder)
    {
        string? there = Path.GetFullPath(folder);
        while (there is not null && !Directory.Exists(there))
        {
            there = Path.GetDirectoryName(there);
        }

        long free = new DriveInfo(there ?? Path.GetPathRoot(Path.GetFullPath(folder))!).AvailableFreeSpace;
        string detail = $"{free / (double)(1 << 30):0.0} GiB free at {there}";
        if (free < LittleSpace)
        {
            checkup.Warn("disk", detail, "a judgement takes 1 to 10 KB of ledger: make room, or choose another folder with -o");
        }
        else
        {
            checkup.Ok("disk", detail);
        }
    }
}
