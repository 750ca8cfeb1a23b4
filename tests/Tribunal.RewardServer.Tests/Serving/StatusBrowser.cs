using Tribunal.RewardServer.Tests.Serving;
using Tribunal.Testing.Pages;

[assembly: AssemblyFixture(typeof(StatusBrowser))]

namespace Tribunal.RewardServer.Tests.Serving;

/// <summary>A browser that looks at a server's page.</summary>
public sealed class StatusBrowser : PageBrowser;
