using Tribunal.Testing.Azurite;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(AzuriteServer))]

// They wait for storage and timers most of the time.
[assembly: Parallelization(MaxThreads = 4)]
