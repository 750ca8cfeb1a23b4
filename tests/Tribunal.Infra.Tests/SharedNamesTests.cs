using System.Reflection;
using System.Text.RegularExpressions;
using Tribunal.Azure.Names;

namespace Tribunal.Infra.Tests;

/// <summary>One constant for the code and the deployment: nothing is misspelled on one side.</summary>
public sealed partial class SharedNamesTests
{
    private static IEnumerable<(string Member, string Value)> Constants(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(field => field.IsLiteral)
        .Select(field => (field.Name, (string)field.GetRawConstantValue()!));

    [Theory]
    [InlineData("dev")]
    [InlineData("prod")]
    public async Task Every_queue_container_and_table_that_the_code_names_is_deployed(string stack)
    {
        Deployed deployed = await Stacks.DeployAsync(stack);
        // The worker's engine makes what it needs under its own prefix.
        (string Member, string Value)[] names = [.. Constants(typeof(ResourceNames)).Where(n => !n.Value.StartsWith(ResourceNames.WorkerHub, StringComparison.Ordinal))];

        string[] queues = [.. names.Where(n => n.Member.EndsWith("Queue", StringComparison.Ordinal)).Select(n => n.Value)];
        Assert.Equal(
            queues.Concat(queues.Select(queue => queue + ResourceNames.PoisonSuffix)).Order(StringComparer.Ordinal),
            deployed.Of("Queue").Select(queue => queue.Text("queueName")!).Order(StringComparer.Ordinal));
        Assert.Equal(
            names.Where(n => n.Member.EndsWith("Container", StringComparison.Ordinal)).Select(n => n.Value).Order(StringComparer.Ordinal),
            deployed.Of("BlobContainer").Select(container => container.Text("containerName")!).Order(StringComparer.Ordinal));
        Assert.Equal(
            names.Where(n => n.Member.EndsWith("Table", StringComparison.Ordinal)).Select(n => n.Value).Order(StringComparer.Ordinal),
            deployed.Of("Table").Select(table => table.Text("tableName")!).Order(StringComparer.Ordinal));
        Assert.All(names, n => Assert.True(
            n.Member is nameof(ResourceNames.PoisonSuffix) or nameof(ResourceNames.SubmittedPrefix) || n.Member.EndsWith("Queue", StringComparison.Ordinal)
            || n.Member.EndsWith("Container", StringComparison.Ordinal) || n.Member.EndsWith("Table", StringComparison.Ordinal),
            $"{n.Member} is of no kind that this test knows"));
    }

    [Theory]
    [InlineData("azureStorage", false)]
    [InlineData("azureStorage", true)]
    [InlineData("azureManaged", false)]
    [InlineData("azureManaged", true)]
    public async Task The_app_has_every_setting_that_there_is_a_name_for_and_no_other(string backend, bool meta)
    {
        Deployed deployed = await Stacks.DeployAsync(
            "dev", ("durableBackend", backend), ("metaModel", meta ? "some/meta" : null), ("metaWeightsGiB", "1"), ("metaDataType", "half"));

        // Not settings by themselves, or of no use in Azure.
        string[] others =
        [
            SettingNames.Judges, SettingNames.HostStorage, SettingNames.StorageConnectionString, SettingNames.DurableAzureStorage, SettingNames.DurableTaskScheduler,
            SettingNames.JudgeEndpoint, SettingNames.JudgeModel, SettingNames.JudgeProtocol, SettingNames.JudgeConcurrency, SettingNames.JudgeApiKeyVariable,
            SettingNames.JudgeInputPrice, SettingNames.JudgeOutputPrice, SettingNames.JudgeTemplate, SettingNames.JudgeOmit,

            // Requests name them; no stack has a default.
            SettingNames.MetaProtocol, SettingNames.DefaultProtocolFile, SettingNames.DefaultJudges,

            // Where the stack has a table.
            SettingNames.DefaultRouting,
        ];
        List<string> expected = [.. Constants(typeof(SettingNames)).Select(constant => constant.Value).Where(value => !others.Contains(value))];
        expected.AddRange(((string[])[SettingNames.JudgeEndpoint, SettingNames.JudgeModel, SettingNames.JudgeProtocol, SettingNames.JudgeConcurrency])
            .Select(setting => SettingNames.Judge("judge", setting)));
        if (!meta)
        {
            expected.RemoveAll(name => name is SettingNames.MetaEndpoint or SettingNames.MetaModel);
        }

        if (backend == SettingNames.DurableAzureStorage)
        {
            expected.Remove(SettingNames.SchedulerConnection);
        }

        Assert.Equal(expected.Select(SettingNames.ToAppSetting).Order(StringComparer.Ordinal), deployed.FunctionSettings.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(backend, deployed.FunctionSettings[SettingNames.ToAppSetting(SettingNames.DurableBackend)]);
        // The scale controller looks into host.json alone: a figure here would hold on instances and not where they are counted.
        Assert.DoesNotContain(deployed.FunctionSettings.Keys, name => name.Contains("durableTask", StringComparison.OrdinalIgnoreCase));
        Assert.Equal("https://judge.apps.example.internal/v1", deployed.FunctionSettings["Tribunal__Judges__judge__Endpoint"]);
    }

    [Fact]
    public void Code_spells_no_setting_that_has_no_name()
    {
        HashSet<string> known = [.. Constants(typeof(SettingNames)).Select(constant => constant.Value)];
        string[] roots = [.. ((string[])["src", "functions"]).Select(folder => Path.Combine(Stacks.Root, folder)).Where(Directory.Exists)];
        string[] unknown =
        [
            .. roots.SelectMany(root => Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories))
                .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal) && Path.GetFileName(file) != "SettingNames.cs")
                .SelectMany(file => SettingLiteral().Matches(File.ReadAllText(file)).Select(match => (file, name: match.Groups["name"].Value)))
                .Where(found => !known.Contains(found.name.Replace("__", ":", StringComparison.Ordinal)))
                .Select(found => $"{Path.GetRelativePath(Stacks.Root, found.file)}: {found.name}"),
        ];
        Assert.NotEmpty(roots);
        Assert.Empty(unknown);
    }

    [Fact]
    public async Task Every_output_has_a_name_that_the_tool_reads()
    {
        Deployed deployed = await Stacks.DeployAsync("prod");
        Assert.Equal(
            Constants(typeof(DeploymentOutputs)).Select(constant => constant.Value).Order(StringComparer.Ordinal),
            deployed.Outputs.Keys.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex("\"(?<name>Tribunal(?::|__)[A-Z]\\w*(?:(?::|__)\\w+)*)\"")]
    private static partial Regex SettingLiteral();
}
