using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace Tribunal.Functions.Tests.Published;

/// <summary>host.json as a publish writes it: the scale controller reads durable settings from there and from nowhere else.</summary>
public sealed class HostJsonTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tribunal-host-");

    [Fact]
    public async Task Without_figures_of_a_deployment_it_is_what_stands_in_the_repository()
    {
        JsonElement durable = await DurableAsync();
        Assert.Equal("tribunal", durable.GetProperty("hubName").GetString());
        Assert.Equal(4, durable.GetProperty("maxConcurrentActivityFunctions").GetInt32());
        JsonElement provider = durable.GetProperty("storageProvider");
        Assert.Equal("azureStorage", provider.GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_deployments_hub_backend_and_figures_stand_in_it()
    {
        JsonElement durable = await DurableAsync("-p:DurableBackend=azureManaged", "-p:DurableHub=prod7", "-p:DurableActivities=12");
        Assert.Equal("prod7", durable.GetProperty("hubName").GetString());
        Assert.Equal(12, durable.GetProperty("maxConcurrentActivityFunctions").GetInt32());
        Assert.Equal(
            """{ "type": "azureManaged", "connectionStringName": "DURABLE_TASK_SCHEDULER_CONNECTION_STRING" }""",
            durable.GetProperty("storageProvider").GetRawText());
        Assert.Equal("NonRunningStates", durable.GetProperty("overridableExistingInstanceStates").GetString());
    }

    [Theory]
    [InlineData("-p:DurableBackend=sql", "DurableBackend is azureStorage or azureManaged")]
    [InlineData("-p:DurableHub=my hub", "DurableHub is a name")]
    [InlineData("-p:DurableActivities=0", "DurableActivities is a number")]
    public async Task Figures_that_can_not_be_meant_stop_the_publish(string property, string words)
    {
        (int exit, string output) = await WriteAsync(property);
        Assert.NotEqual(0, exit);
        Assert.Contains(words, output, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder.FullName, "host.json")));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<JsonElement> DurableAsync(params string[] properties)
    {
        (int exit, string output) = await WriteAsync(properties);
        Assert.True(exit == 0, output);
        // Strict: no comments.
        using JsonDocument host = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(_folder.FullName, "host.json")));
        return host.RootElement.GetProperty("extensions").GetProperty("durableTask").Clone();
    }

    // The step of a publish that writes it, without the publish.
    private async Task<(int Exit, string Output)> WriteAsync(params string[] properties)
    {
        string project = typeof(HostJsonTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static item => item.Key == "FunctionsProject").Value!;
        ProcessStartInfo start = new("dotnet") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string name in (string[])["DurableBackend", "DurableHub", "DurableActivities"])
        {
            start.Environment.Remove(name);
        }

        foreach (string argument in (string[])["msbuild", Path.Combine(project, "Tribunal.Functions.csproj"), "-nologo", "-t:WriteHostJson", $"-p:PublishDir={_folder.FullName}/", .. properties])
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync() + await errors;
        await process.WaitForExitAsync();
        return (process.ExitCode, output);
    }
}
