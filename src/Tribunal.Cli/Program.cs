using Spectre.Console;
using Tribunal.Cli.Commands;
using Tribunal.Cli.Configuration;
using Tribunal.Cli.Output;
using Tribunal.Runs.Telemetry;

SpokenText.Begin();

// Tables in files and pipes: nothing there is 80 columns wide.
if (Console.IsOutputRedirected)
{
    AnsiConsole.Profile.Width = 160;
}

DotEnv.Load();

// Sent before the process ends; hosts have their own.
using IDisposable? telemetry = args is ["score" or "bench", ..] ? ServiceDefaults.Start($"tribunal-{args[0]}") : null;
using var interrupts = new Interrupts();
return await SpokenText.EndAsync(await CommandErrors.RunAsync(ToolCommand.Create(), args, interrupts.Token));
