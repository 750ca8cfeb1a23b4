using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Tribunal.Azure.Storage;

namespace Tribunal.Testing.Azurite;

/// <summary>A real Azurite on free ports, started at first use and gone with the test process.</summary>
public sealed partial class AzuriteServer : IAsyncDisposable
{
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    private static readonly string[] Services = ["Blob", "Queue", "Table"];
    private readonly Lock _gate = new();

    // 0 until it has taken free ones and said which: chosen beforehand, others might take them while it starts.
    private readonly int[] _ports = new int[Services.Length];
    private Task? _started;
    private Process? _process;
    private readonly ConcurrentDictionary<string, long> _requests = new(StringComparer.Ordinal);

    /// <summary>Where it keeps its data, to survive a restart; null keeps them in memory.</summary>
    public string? Folder { get; init; }

    /// <summary>Whether <see cref="Requests"/> is counted; default not, which is quieter.</summary>
    public bool CountsRequests { get; init; }

    /// <summary>Requests that it has answered, to whatever process, by kind: method, what it is of, and the operation.</summary>
    public IReadOnlyDictionary<string, long> Requests => _requests;

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

    /// <summary>Which service listens on a port: <c>blob</c>, <c>queue</c> or <c>table</c>.</summary>
    internal string ServiceOf(int port) => Services[Array.IndexOf(_ports, port)].ToLowerInvariant();

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

    private async Task StartAsync()
    {
        string root = RepositoryFolder.Root();
        if (!File.Exists(Path.Combine(root, "node_modules", "azurite", "dist", "src", "azurite.js")))
        {
            throw new InvalidOperationException($"Azurite is not installed: run `npm ci` in {root}");
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
            Path.Combine(root, "tests", "Tribunal.Testing", "Azurite", "until-stdin-ends.js"), "--skipApiVersionCheck", "--disableTelemetry",
            "--blobPort", $"{_ports[0]}", "--queuePort", $"{_ports[1]}", "--tablePort", $"{_ports[2]}",
            .. CountsRequests ? (string[])[] : ["--silent"],
            .. Folder is null ? (string[])["--inMemoryPersistence"] : ["--location", Folder]])
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        Task<string> errors = _process.StandardError.ReadToEndAsync();
        StringBuilder output = new();
        for (int listening = 0; listening < _ports.Length;)
        {
            string line = await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"Azurite ended: {output}{await errors}");
            output.AppendLine(line);
            if (Listening().Match(line) is { Success: true } said)
            {
                _ports[Array.IndexOf(Services, said.Groups[1].Value)] = int.Parse(said.Groups[2].Value, CultureInfo.InvariantCulture);
                listening++;
            }
        }

        _ = CountAsync(_process.StandardOutput);
    }

    // Where it isn't silent it says a line about every request.
    private async Task CountAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            if (Request().Match(line) is { Success: true } request)
            {
                string kind = $"{request.Groups[1].Value} {request.Groups[2].Value}{(request.Groups[3].Success ? " " + request.Groups[3].Value : "")}";
                _requests.AddOrUpdate(kind, 1, static (_, count) => count + 1);
            }
        }
    }

    [GeneratedRegex(@"^Azurite (\w+) service is successfully listening at \S+:(\d+)")]
    private static partial Regex Listening();

    // What follows the queue's, table's or container's name is a name of its own; a query's comp says which operation it is.
    [GeneratedRegex("""
        "(\w+) /devstoreaccount1/([^/?( ]*(?:/messages)?)[^? ]*(?:\?(?:[^ ]*?&)?(comp=\w+|peekonly=true)?[^ ]*)? HTTP/1\.1"
        """)]
    private static partial Regex Request();
}
