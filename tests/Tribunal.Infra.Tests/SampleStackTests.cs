namespace Tribunal.Infra.Tests;

/// <summary>The stacks that have a file, and what is said of what they deploy.</summary>
public sealed class SampleStackTests
{
    public static TheoryData<string> Every => [.. Stacks.All];

    [Theory]
    [MemberData(nameof(Every))]
    public async Task Every_stack_with_a_file_deploys(string stack)
    {
        Deployed deployed = await Stacks.DeployAsync(stack);
        Assert.Single(deployed.Of("WebApp"));
        Assert.Equal(deployed.Resources.Count, deployed.Resources.DistinctBy(resource => (resource.Type, resource.Name)).Count());
        // One role of one principal at one place is one assignment: Azure refuses a second.
        string[] grants = [.. deployed.Of("RoleAssignment").Select(grant => $"{grant.Text("principalId")} {grant.Text("roleDefinitionId")} {grant.Text("scope")}")];
        Assert.Equal(grants.Length, grants.Distinct(StringComparer.Ordinal).Count());
        Assert.Contains($"`{stack}`", File.ReadAllText(Path.Combine(Stacks.Root, "docs", "deploy.md")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_kind_of_resource_says_where_its_properties_come_from()
    {
        string[] rows = [.. File.ReadLines(Path.Combine(Stacks.Root, "docs", "azure-properties.md")).Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split('|')[1])];
        HashSet<string> said = [.. rows.SelectMany(row => row.Split(',', StringSplitOptions.TrimEntries)).Select(kind => kind.Split(' ')[0])];
        HashSet<string> deployed = new(StringComparer.Ordinal);
        foreach (string stack in Stacks.All)
        {
            deployed.UnionWith((await Stacks.DeployAsync(stack)).Resources.Where(resource => resource.Type.StartsWith("azure-native:", StringComparison.Ordinal)).Select(resource => resource.Kind));
        }

        Assert.Empty(deployed.Except(said));
    }

    [Theory]
    [MemberData(nameof(Every))]
    public void What_a_stack_needs_and_may_cost_is_told_without_asking_anybody(string stack)
    {
        DeploymentSettings settings = Stacks.Settings(stack);
        int gpus = settings.DeployedJudges.Sum(judge => judge.Model.MaxReplicas * judge.Gpu.Gpus) + (settings.Meta?.MaxReplicas * settings.MetaGpu.Gpus ?? 0);
        Assert.Equal(gpus, WhatIf.Quotas(settings).Sum(need => need.Gpus));
        Assert.Equal(settings.Fanout().Instances * settings.InstanceMemoryMB / 1024.0, WhatIf.Hourly(settings).Single(item => item.Price == "instanceGiB").Amount);
    }

    [Fact]
    public void The_greatest_cost_of_an_hour_is_a_sum_of_amounts_and_prices()
    {
        StringWriter output = new(), errors = new();
        string config = """{"tribunal:location":{"value":"swedencentral"},"tribunal:judgeModel":{"value":"m"},"tribunal:judgeDataType":{"value":"half"},"tribunal:judgeWeightsGiB":{"value":"5"},"tribunal:judgeMaxReplicas":{"value":"2"},"tribunal:alertEmails":{"value":"a@example.com"},"tribunal:huggingFaceToken":{"secret":true}}""";
        Assert.Equal(0, WhatIf.Run(config, """{"t4":1,"vcpu":0.1,"gib":0.01,"instanceGiB":0.001}""", output, errors));
        // 2 × (1 + 8 × 0.1 + 56 × 0.01) and 40 instances of 2 GiB.
        Assert.Contains("most\t4.80 per hour", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("quota\tswedencentral\tSubscriptionConsumptionT4Gpus\t2\tjudge", output.ToString(), StringComparison.Ordinal);

        Assert.Equal(0, WhatIf.Run(config, null, output, errors));
        Assert.Contains("give TRIBUNAL_PRICES the prices of t4, vcpu, gib, instanceGiB", output.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, WhatIf.Run("{}", null, output, errors));
        Assert.Contains("judgeModel", errors.ToString(), StringComparison.Ordinal);
    }
}
