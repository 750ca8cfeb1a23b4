using System.CommandLine;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Diagnostics;
using Microsoft.AspNetCore.Connections;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Output;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;
using Tribunal.Viewer.Live;
using Tribunal.Viewer.Pages;
using Tribunal.Viewer.Serving;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal view [RUN…|FOLDER]</c>: runs and every judgement of them, in a browser on this machine.</summary>
internal sealed class ViewCommand
{
    private readonly Argument<string[]> _runs = new("run") { Description = "Run folders, or folders that hold such; with --storage names of runs in the account, all by default.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<int> _port = new("--port") { Description = "The port on this machine; 0 takes a free one. A fixed one keeps links to what was shown.", DefaultValueFactory = static _ => 0 };
    private readonly Option<bool> _open = new("--open") { Description = "Open the page in the usual browser." };
    private readonly Option<string?> _storage = RemoteRuns.StorageOption("None: runs are local folders.");

    public static Command Create()
    {
        var view = new ViewCommand();
        view._port.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > 65_535)
            {
                result.AddError("--port is 0 to 65535");
            }
        });
        Command command = new("view", """
            Shows runs on a page of this machine: every rollout, every judgement, live runs, comparisons, labels.

              tribunal view                  the runs in this folder and one below
              tribunal view out other-run    these two
              tribunal view --storage NAME   those of a storage account

            The page listens on this machine alone and asks for the token in the address that is printed. It loads nothing
            from elsewhere. An index is kept beside each run (judgements.index); deleting it costs nothing but time.
            """)
        {
            view._runs, view._port, view._open, view._storage,
        };
        command.SetAction(view.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        await using ViewerApplication viewer = await StartAsync(parsed, await ShelfAsync(parsed, cancellationToken), cancellationToken);
        Results.Print(new JsonObject { ["address"] = $"{viewer.Address}" });
        Console.WriteLine($"tribunal view: {viewer.Address}");
        Console.WriteLine("Whoever has this address can read these runs; Ctrl-C ends it.");
        if (parsed.GetValue(_open))
        {
            Open(viewer.Address);
        }

        await viewer.WaitAsync(cancellationToken);
        return ExitCodes.Ok;
    }

    private async Task<ViewerApplication> StartAsync(ParseResult parsed, ShelfOptions shelf, CancellationToken cancellationToken)
    {
        int port = parsed.GetRequiredValue(_port);
        try
        {
            return await ViewerApplication.StartAsync(new ViewerOptions { Shelf = shelf, Port = port, Tool = ToolPath.OfThisProcess() }, cancellationToken);
        }
        catch (Exception exception) when (exception is SocketException or IOException { InnerException: AddressInUseException })
        {
            throw CommandErrors.CantListen($"--port {port}", exception);
        }
    }

    private async Task<ShelfOptions> ShelfAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string[] named = parsed.GetValue(_runs) ?? [];
        if (parsed.GetValue(_storage) is not { } account)
        {
            return Array.Find(named, static folder => !Directory.Exists(folder)) is { } missing
                ? throw new CommandException(ExitCodes.Usage, $"there is no folder {missing}")
                : new ShelfOptions(named.Length == 0 ? ["."] : named);
        }

        if (Array.Find(named, static run => !StoreNames.IsValidRunId(run)) is { } wrong)
        {
            throw new CommandException(ExitCodes.Usage, $"'{wrong}' is no run's name");
        }

        RemoteRuns remote = await RemoteRuns.OpenAsync(account, cancellationToken);
        return new ShelfOptions([], remote.Stores, named.Length > 0 ? _ => Task.FromResult<IReadOnlyList<string>>(named) : async token =>
        {
            List<string> names = [];
            await foreach (RunRecord run in remote.Catalog.ListAsync(token))
            {
                names.Add(run.RunId);
            }

            return names;
        });
    }

    // Where there is no browser to open, the address is on the terminal all the same.
    private static void Open(string address)
    {
        try
        {
            using Process? _ = Process.Start(new ProcessStartInfo(address) { UseShellExecute = true });
        }
        catch (Exception exception) when (exception is System.ComponentModel.Win32Exception or PlatformNotSupportedException or InvalidOperationException)
        {
            Console.Error.WriteLine("no browser could be opened: open the address by hand");
        }
    }
}
