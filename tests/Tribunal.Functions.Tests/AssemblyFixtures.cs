using Tribunal.Testing.Azurite;

[assembly: AssemblyFixture(typeof(AzuriteServer))]
