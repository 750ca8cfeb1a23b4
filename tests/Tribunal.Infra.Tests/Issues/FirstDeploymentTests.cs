using System.Globalization;
using System.Text.Json.Nodes;
using Tribunal.Azure.Names;

namespace Tribunal.Infra.Tests.Issues;

/// <summary>What would have stopped the first <c>pulumi up</c>, or the first batch after it.</summary>
public sealed class FirstDeploymentTests
{
    [Theory]
    [InlineData("dev")]
    [InlineData("prod")]
    public async Task Flex_consumption_is_told_nothing_that_it_refuses(string stack)
    {
        Deployed deployed = await Stacks.DeployAsync(stack);
        JsonObject site = deployed.One("WebApp")["siteConfig"]!.AsObject();
        Assert.All(
            (string[])["netFrameworkVersion", "localMySqlEnabled", "ftpsState", "use32BitWorkerProcess", "alwaysOn", "linuxFxVersion"],
            refused => Assert.True(site[refused] is null, $"{refused} is {site[refused]}"));
    }

    [Theory]
    [InlineData("dev", "serverless-t4")]
    [InlineData("prod", "serverless-a100")]
    public async Task Serverless_profiles_name_no_fips(string stack, string gpu)
    {
        Deployed deployed = await Stacks.DeployAsync(stack, ("gpu", gpu));
        Assert.All(deployed.One("ManagedEnvironment")["workloadProfiles"]!.AsArray(), profile => Assert.Null(profile!["enableFips"]));
    }

    [Fact]
    public async Task The_instance_cap_is_no_lower_than_the_regions_floor()
    {
        foreach (string stack in (string[])["dev", "prod"])
        {
            Deployed deployed = await Stacks.DeployAsync(stack);
            Assert.True(Number(deployed.One("WebApp"), "functionAppConfig.scaleAndConcurrency.maximumInstanceCount") >= 40, stack);
        }
    }

    [Fact]
    public async Task Always_ready_instances_count_on_top_of_the_cap()
    {
        Deployed deployed = await Stacks.DeployAsync("prod", ("alwaysReady", "5"), ("smallestInstanceCap", "5"));
        Declared app = deployed.One("WebApp");
        int instances = Number(app, "functionAppConfig.scaleAndConcurrency.maximumInstanceCount") + Number(app, "functionAppConfig.scaleAndConcurrency.alwaysReady.0.instanceCount");
        int perInstance = int.Parse(deployed.FunctionSettings["Tribunal__Judges__judge__Concurrency"], CultureInfo.InvariantCulture);
        Assert.InRange(instances * perInstance, 128, 256);
    }

    [Theory]
    [InlineData("5", 6)]
    [InlineData("16", 2)]
    [InlineData("120", 1)]
    public async Task A_replica_is_full_at_as_many_arrivals_as_it_answers(string seconds, int arrivals)
    {
        Deployed deployed = await Stacks.DeployAsync("prod", ("judgementSeconds", seconds));
        Assert.Equal($"{arrivals}", deployed.One("ContainerApp", "judge").Text("template.scale.rules.0.http.metadata.concurrentRequests"));
    }

    [Fact]
    public async Task No_scaler_can_freeze_a_gpu_app()
    {
        Deployed deployed = await Stacks.DeployAsync("prod");
        Assert.All(deployed.Of("ContainerApp"), app =>
        {
            JsonNode rule = Assert.Single(app["template.scale.rules"]!.AsArray())!;
            Assert.NotNull(rule["http"]);
        });
    }

    [Fact]
    public async Task A_run_waits_for_the_meta_reward_model_as_long_as_that_takes()
    {
        Deployed deployed = await Stacks.DeployAsync("prod", ("judgeStartMinutes", "5"), ("metaStartMinutes", "31"));
        Assert.Equal("00:41:00", deployed.FunctionSettings[SettingNames.ToAppSetting(SettingNames.JudgeStartLimit)]);
    }

    [Fact]
    public async Task A_t4_listens()
    {
        Deployed deployed = await Stacks.DeployAsync("dev", ("judgeEnvironment", "VLLM_LOGGING_LEVEL=DEBUG"));
        Dictionary<string, string?> variables = Variables(deployed.One("ContainerApp", "judge"));
        Assert.Equal("0", variables["VLLM_USE_FLASHINFER_SAMPLER"]);
        Assert.Equal("DEBUG", variables["VLLM_LOGGING_LEVEL"]);
        Assert.Equal("/weights/vllm", variables["VLLM_CACHE_ROOT"]);
        Assert.DoesNotContain("VLLM_USE_FLASHINFER_SAMPLER", Variables((await Stacks.DeployAsync("prod")).One("ContainerApp", "judge")).Keys);
    }

    [Fact]
    public void A_t4_is_not_asked_for_bfloat16() =>
        Assert.Contains("bfloat16", Assert.Throws<ArgumentException>(() => Stacks.Settings("dev", ("judgeDataType", "auto"))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task The_start_up_probe_waits_as_long_as_the_share_takes_to_give_the_weights_to_all_replicas()
    {
        // 5 replicas × 51 GiB at 500 MiB/s are 8.7 minutes, downloading one and reading it 10.4; the engine's own are 3.
        Deployed deployed = await Stacks.DeployAsync("prod", ("weightsMiBps", "500"));
        Assert.Equal(14 * 60, Waits(deployed));

        // The throughput that comes with 512 GiB: 130.7 MiB/s.
        deployed = await Stacks.DeployAsync("prod", ("weightsMiBps", null));
        Assert.Equal(37 * 60, Waits(deployed));

        static int Waits(Deployed deployed) =>
            Number(deployed.One("ContainerApp", "judge"), "template.containers.0.probes.0.periodSeconds") * Number(deployed.One("ContainerApp", "judge"), "template.containers.0.probes.0.failureThreshold");
    }

    [Fact]
    public void A_start_that_no_probe_waits_for_is_refused() => Assert.Contains(
        "weightsMiBps", Assert.Throws<ArgumentException>(() => Stacks.Settings("prod", ("weightsMiBps", null), ("judgeMaxReplicas", "8"))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("dev", "100", "101")]
    [InlineData("prod", "100", "51")]
    public void The_share_is_checked_against_what_is_stored_and_not_against_what_is_loaded(string stack, string share, string checkpoint) => Assert.Contains(
        "weightsShareGiB", Assert.Throws<ArgumentException>(() => Stacks.Settings(stack, ("weightsShareGiB", share), ("judgeCheckpointGiB", checkpoint), ("metaCheckpointGiB", checkpoint))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Bought_throughput_is_premium_v2()
    {
        Deployed deployed = await Stacks.DeployAsync("prod");
        Assert.Equal("PremiumV2_LRS", deployed.One("StorageAccount", "weights").Text("sku.name"));
        Assert.Equal("1000", deployed.One("FileShare").Text("provisionedBandwidthMibps"));
        Assert.Equal("Premium_LRS", (await Stacks.DeployAsync("dev")).One("StorageAccount", "weights").Text("sku.name"));
    }

    [Fact]
    public async Task Events_arrive_at_an_account_that_is_closed_to_everybody_else()
    {
        Deployed deployed = await Stacks.DeployAsync("prod");
        Declared account = deployed.One("StorageAccount", "storage");
        Assert.Equal(
            "Enabled Deny AzureServices",
            $"{account.Text("publicNetworkAccess")} {account.Text("networkRuleSet.defaultAction")} {account.Text("networkRuleSet.bypass")}");
    }

    [Theory]
    [InlineData("serverless-t4")]
    [InlineData("serverless-a100")]
    [InlineData("dedicated-a100")]
    [InlineData("dedicated-2xa100")]
    [InlineData("dedicated-4xa100")]
    public async Task Names_of_profiles_are_short(string gpu)
    {
        Deployed deployed = await Stacks.DeployAsync("prod", ("gpu", gpu), ("metaGpu", gpu), ("judgeWeightsGiB", "5"), ("metaWeightsGiB", "5"), ("judgeDataType", "half"), ("metaDataType", "half"));
        string[] names = [.. deployed.One("ManagedEnvironment")["workloadProfiles"]!.AsArray().Select(profile => profile!["name"]!.ToString())];
        Assert.All(names, name => Assert.InRange(name.Length, 1, 15));
        Assert.Contains(deployed.One("ContainerApp", "judge").Text("workloadProfileName"), names);
    }

    [Fact]
    public async Task A_stack_needs_no_budget()
    {
        Deployed deployed = await Stacks.DeployAsync("dev", ("monthlyBudget", null), ("budgetStart", null));
        Assert.Empty(deployed.Of("Budget"));
    }

    private static Dictionary<string, string?> Variables(Declared app) => app["template.containers.0.env"]!.AsArray()
        .ToDictionary(variable => variable!["name"]!.ToString(), variable => variable!["value"]?.ToString(), StringComparer.Ordinal);

    private static int Number(Declared resource, string path) => int.Parse(resource.Text(path)!, CultureInfo.InvariantCulture);
}
