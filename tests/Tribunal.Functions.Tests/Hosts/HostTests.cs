using Tribunal.Testing.Azurite;

namespace Tribunal.Functions.Tests.Hosts;

/// <summary>The loop of one process.</summary>
public sealed class LoopHostTests : HostCases
{
    private protected override Task<IHostUnderTest> NewAsync(HostParts parts, int instances) => Task.FromResult<IHostUnderTest>(new LoopHost(parts));
}

/// <summary>The queue worker.</summary>
public sealed class WorkerHostTests(OwnAzurite azurite) : HostCases, IClassFixture<OwnAzurite>
{
    private protected override async Task<IHostUnderTest> NewAsync(HostParts parts, int instances) => await WorkerHost.StartAsync(azurite.Server, parts, instances);
}

/// <summary>The function app on Durable Task's test host.</summary>
public sealed class DurableHostTests(OwnAzurite azurite) : HostCases, IClassFixture<OwnAzurite>
{
    private protected override async Task<IHostUnderTest> NewAsync(HostParts parts, int instances) => await DurableHost.StartAsync(azurite.Server, parts, instances);
}

/// <summary>An Azurite for one class: a worker takes whatever message it finds, and runs of other classes have the same names.</summary>
public sealed class OwnAzurite : IAsyncDisposable
{
    /// <summary>The server.</summary>
    public AzuriteServer Server { get; } = new();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
