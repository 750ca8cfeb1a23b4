using System.Net;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tribunal.Viewer.Live;
using Tribunal.Viewer.Pages;

namespace Tribunal.Viewer.Serving;

/// <summary>How the viewer runs.</summary>
public sealed record ViewerOptions
{
    /// <summary>Where it looks for runs.</summary>
    public required ShelfOptions Shelf { get; init; }

    /// <summary>The port on this machine; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>The tool that goes on with runs.</summary>
    public required ToolPath Tool { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>The viewer as an ASP.NET Core application on this machine alone.</summary>
public sealed class ViewerApplication : IAsyncDisposable
{
    private const long MostBody = 1024 * 1024;
    private readonly WebApplication _application;
    private readonly RunShelf _shelf;
    private readonly string _token = Gate.NewToken();

    private ViewerApplication(ViewerOptions options)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);

        // That it can't start, whoever starts it says in a line of its own.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        builder.WebHost.ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            server.Limits.MaxRequestBodySize = MostBody;
            server.Listen(IPAddress.Loopback, options.Port, static listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.ConfigureHttpJsonOptions(static json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ViewerJson.Default);
            json.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        });
        _application = builder.Build();
        _shelf = new RunShelf(options.Shelf, options.Time);
        new Gate(_token).Guard(_application);
        new ViewerEndpoints(_shelf, new ComparePages(), new RunResumer(options.Tool), options.Time).Map(_application);
    }

    /// <summary>The address to open, its token included.</summary>
    public string Address => $"{Root}?token={_token}";

    /// <summary>The address without the token.</summary>
    public string Root => _application.Urls.First().TrimEnd('/') + "/";

    /// <summary>The token, for programs: the header <c>X-Tribunal-Token</c>.</summary>
    public string Token => _token;

    /// <summary>Starts it.</summary>
    /// <exception cref="IOException">Another program listens on the port.</exception>
    public static async Task<ViewerApplication> StartAsync(ViewerOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var viewer = new ViewerApplication(options);
        try
        {
            await viewer._application.StartAsync(cancellationToken);
            return viewer;
        }
        catch
        {
            await viewer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for its end: a signal, or <see cref="Stop"/>.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _application.WaitForShutdownAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        _shelf.Dispose();
    }
}
