using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Tribunal.Azure.Storage;

namespace Tribunal.Testing.Azurite;

/// <summary>A real Azurite on free ports, started at first use and gone with the test process.</summary>
public sealed class AzuriteServer : IAsyncDisposable
{
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    private readonly Lock _gate = new();
    private Task? _started;
    private Process? _process;
    private int[] _ports = [];

    /// <summary>Where it keeps its data, to survive a restart; null keeps them in memory.</summary>
    public string? Folder { get; init; }

    public string ConnectionString =>
        $"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={Key};BlobEndpoint=http://127.0.0.1:{_ports[0]}/devstoreaccount1;QueueEndpoint=http://127.0.0.1:{_ports[1]}/devstoreaccount1;TableEndpoint=http://127.0.0.1:{_ports[2]}/devstoreaccount1;";

    /// <summary>Clients of the running server, its containers, queues and tables there.</summary>
    public async Task<StorageClients> ConnectAsync(HttpPipelineOverrides? overrides = null)
    {
        await StartedAsync();
        StorageClients clients = StorageClients.ForAzurite(ConnectionString, overrides);
        await clients.EnsureCreatedAsync(CancellationToken.None);
        return clients;
    }

    public Task StartedAsync()
    {
        lock (_gate)
        {
            return _started ??= StartAsync();
        }
    }

    /// <summary>Ends the server in order, its data on disk; <see cref="RestartAsync"/> takes the same ports.</summary>
    public async Task StopAsync()
    {
        _process!.StandardInput.Close();
        await _process.WaitForExitAsync();
    }

    public Task RestartAsync() => StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process?.Dispose();
    }

    private static string RepositoryRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "package-lock.json")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("the repository's package-lock.json is not above the tests");
    }

    private static int[] FreePorts(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(static _ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in listeners)
        {
            listener.Start();
        }

        int[] ports = [.. listeners.Select(static listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        foreach (TcpListener listener in listeners)
        {
            listener.Stop();
        }

        return ports;
    }

    private async Task StartAsync()
    {
        string root = RepositoryRoot();
        if (!File.Exists(Path.Combine(root, "node_modules", "azurite", "dist", "src", "azurite.js")))
        {
            throw new InvalidOperationException($"Azurite is not installed: run `npm ci` in {root}");
        }

        if (_ports.Length == 0)
        {
            _ports = FreePorts(3);
        }

        ProcessStartInfo start = new("node")
        {
            WorkingDirectory = root,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in (string[])[
            Path.Combine(root, "tests", "Tribunal.Testing", "Azurite", "until-stdin-ends.js"), "--silent", "--skipApiVersionCheck", "--disableTelemetry",
            "--blobPort", $"{_ports[0]}", "--queuePort", $"{_ports[1]}", "--tablePort", $"{_ports[2]}",
            .. Folder is null ? (string[])["--inMemoryPersistence"] : ["--location", Folder]])
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        Task<string> output = _process.StandardOutput.ReadToEndAsync();
        Task<string> errors = _process.StandardError.ReadToEndAsync();
        foreach (int port in _ports)
        {
            while (!await ListensAsync(port))
            {
                if (_process.HasExited)
                {
                    throw new InvalidOperationException($"Azurite ended: {await output}{await errors}");
                }

                await Task.Delay(50);
            }
        }
    }

    private static async Task<bool> ListensAsync(int port)
    {
        using TcpClient client = new();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
