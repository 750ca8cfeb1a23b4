using Tribunal.Testing;

[assembly: AssemblyFixture(typeof(AzuriteServer))]
