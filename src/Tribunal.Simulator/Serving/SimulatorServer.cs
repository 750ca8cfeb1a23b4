using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Tribunal.Simulator.Serving;

/// <summary>The simulated judge behind HTTP. Stops and frees its port when it is disposed.</summary>
public sealed class SimulatorServer : IAsyncDisposable
{
    private const long MaxBodyBytes = 64L << 20;
    private readonly WebApplication _application;
    private readonly RequestHandler _handler;
    private bool _stopped;

    private SimulatorServer(WebApplication application, RequestHandler handler, Uri address)
    {
        _application = application;
        _handler = handler;
        Address = address;
    }

    /// <summary>Where it listens, with a slash at the end; an address of all interfaces is given as loopback.</summary>
    public Uri Address { get; }

    /// <summary>The base that OpenAI-compatible clients want: <c>…/v1</c>.</summary>
    public Uri ApiBase => new(Address, "v1");

    /// <summary>What it has counted so far.</summary>
    public SimulatorStats Stats => _handler.Stats;

    /// <summary>Starts a server.</summary>
    /// <param name="options">How it behaves.</param>
    /// <param name="time">The clock for latency, warm-up and hangs; the system's by default.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="IOException">The address is taken or not ours.</exception>
    public static async Task<SimulatorServer> StartAsync(SimulatorOptions options, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        IPAddress host = options.Host switch
        {
            "localhost" => IPAddress.Loopback,
            "*" => IPAddress.Any,
            _ => IPAddress.TryParse(options.Host, out IPAddress? parsed) ? parsed : throw new ArgumentException($"host: an address or localhost, not {options.Host}"),
        };

        // An empty builder reads no configuration, logs nothing, and leaves signals to whoever hosts the server.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(static o => o.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(host, options.Port);
        });
        WebApplication application = builder.Build();
        var handler = new RequestHandler(options, time ?? TimeProvider.System);
        application.Run(handler.HandleAsync);
        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch
        {
            await application.DisposeAsync();
            handler.Dispose();
            throw;
        }

        var bound = new Uri(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        var address = new UriBuilder(bound) { Path = "/" };
        if (address.Host is "0.0.0.0" or "[::]")
        {
            address.Host = "127.0.0.1";
        }

        return new SimulatorServer(application, handler, address.Uri);
    }

    /// <summary>Stops: requests in work get a few seconds, hanging ones none.</summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        await _handler.ReleaseAsync();
        await _application.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _application.DisposeAsync();
        _handler.Dispose();
    }

    /// <summary>Signals belong to the program around the server.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
