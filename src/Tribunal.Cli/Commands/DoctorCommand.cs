using System.CommandLine;
using System.Runtime.InteropServices;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal doctor</c>: is everything reachable and well configured.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        Command command = new("doctor", "Checks that everything is reachable and well configured.");
        command.SetAction(static (_, _) =>
        {
            Console.WriteLine($"runtime   {RuntimeInformation.FrameworkDescription} on {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} processors");
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }
}
