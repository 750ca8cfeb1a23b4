using System.Globalization;
using Tribunal.Azure.Names;

namespace Tribunal.Infra.Tests;

/// <summary>More than one judge: on GPUs here and elsewhere, and behind somebody's endpoint.</summary>
public sealed class JudgesTests
{
    private const string Two = """{"math":{"model":"some/math","gpu":"serverless-t4","dataType":"half","weightsGiB":8,"maxSequences":4,"protocol":"rrm","fallback":"judge"},"gpt":{"endpoint":"https://example.com/v1","model":"gpt","protocol":"grm","concurrency":32}}""";

    [Fact]
    public async Task Every_configured_judge_is_in_the_settings_under_the_names_that_the_code_reads()
    {
        Deployed deployed = await Stacks.DeployAsync(
            Stacks.Settings("dev", ("judges", Two), ("judgeApiKeys", """{"gpt":"key"}"""), ("defaultJudge", "math"), ("routing", """{"routes":[]}""")) with
            {
                JudgeApiKeys = Pulumi.Output.CreateSecret("""{"gpt":"sk-1"}"""),
            });
        Dictionary<string, string> settings = deployed.FunctionSettings;
        string Setting(string judge, string setting) => settings[SettingNames.ToAppSetting(SettingNames.Judge(judge, setting))];

        Assert.Equal("https://judge.apps.example.internal/v1", Setting("judge", SettingNames.JudgeEndpoint));
        Assert.Equal("https://math.apps.example.internal/v1", Setting("math", SettingNames.JudgeEndpoint));
        Assert.Equal("https://example.com/v1", Setting("gpt", SettingNames.JudgeEndpoint));
        Assert.Equal("rm-r1 rrm grm", $"{Setting("judge", SettingNames.JudgeProtocol)} {Setting("math", SettingNames.JudgeProtocol)} {Setting("gpt", SettingNames.JudgeProtocol)}");
        Assert.Equal("math auto", $"{settings[SettingNames.ToAppSetting(SettingNames.DefaultJudge)]} {settings[SettingNames.ToAppSetting(SettingNames.DefaultProtocol)]}");
        Assert.Equal("""{"routes":[]}""", settings[SettingNames.ToAppSetting(SettingNames.DefaultRouting)]);

        // The key is where the code looks for it, and nowhere in the settings.
        Assert.Equal("@Microsoft.KeyVault(SecretUri=https://vault.example.net/secrets/judge-key-gpt)", settings[Setting("gpt", SettingNames.JudgeApiKeyVariable)]);
        Assert.All(settings.Values, value => Assert.DoesNotContain("sk-1", value, StringComparison.Ordinal));
        Assert.Equal(deployed.One("UserAssignedIdentity", "functions").Id, deployed.One("WebApp").Text("keyVaultReferenceIdentity"));
        Assert.Equal("judge,math,gpt", deployed.Outputs[DeploymentOutputs.Judges]);
    }

    [Fact]
    public async Task No_instance_asks_a_small_judge_for_as_much_as_a_large_one()
    {
        Deployed deployed = await Stacks.DeployAsync("dev", ("judges", """{"gpt":{"endpoint":"https://example.com/v1","model":"gpt","concurrency":400}}"""));
        int Limit(string judge) => int.Parse(deployed.FunctionSettings[$"Tribunal__Judges__{judge}__Concurrency"], CultureInfo.InvariantCulture);
        Assert.Equal(1, Limit("judge"));
        Assert.InRange(Limit("gpt") * 40, 400, 800);
    }

    [Fact]
    public async Task What_a_judge_falls_back_to_answers_under_its_name_where_its_gpus_cannot_be_had()
    {
        Deployed deployed = await Stacks.DeployAsync("dev", ("judges", Two), ("unavailable", "math"));
        Assert.Equal(["judge"], deployed.Of("ContainerApp").Select(app => app.Name));
        Assert.Equal("https://judge.apps.example.internal/v1", deployed.FunctionSettings["Tribunal__Judges__math__Endpoint"]);
        Assert.Equal("gaotang/RM-R1-Qwen2.5-Instruct-7B", deployed.FunctionSettings["Tribunal__Judges__math__Model"]);
        Assert.Equal("rm-r1", deployed.FunctionSettings["Tribunal__Judges__math__Protocol"]);
    }

    [Fact]
    public async Task A_stack_with_external_judges_alone_takes_no_gpu()
    {
        Deployed deployed = await Stacks.DeployAsync("dev", ("judgeModel", null), ("judges", """{"gpt":{"endpoint":"https://example.com/v1","model":"gpt"}}"""));
        Assert.Empty(deployed.Of("ContainerApp"));
        Assert.Empty(deployed.Of("FileShare"));
        Assert.Equal("https://example.com/v1", deployed.FunctionSettings["Tribunal__Judges__gpt__Endpoint"]);
        Assert.Empty(WhatIf.Quotas(Stacks.Settings("dev", ("judgeModel", null), ("judges", """{"gpt":{"endpoint":"https://example.com/v1","model":"gpt"}}"""))));
    }

    [Fact]
    public async Task A_judge_may_stand_in_a_region_that_has_its_gpus()
    {
        Deployed deployed = await Stacks.DeployAsync(
            "dev", ("judges", """{"big":{"model":"some/big","gpu":"serverless-a100","weightsGiB":51,"location":"westus3"}}"""));
        Assert.Equal(["swedencentral", "westus3"], deployed.Of("ManagedEnvironment").Select(environment => environment.Text("location")!).Order());
        Assert.Equal("westus3", deployed.One("ContainerApp", "big").Text("location"));
        Assert.Equal("swedencentral", deployed.One("ContainerApp", "judge").Text("location"));
        Assert.Equal(2, deployed.Of("VirtualNetworkPeering").Count());
        Assert.Equal(["10.42.0.0/20", "10.43.0.0/20"], deployed.Of("VirtualNetwork").Select(network => network.Text("addressSpace.addressPrefixes.0")!).Order());
        // Both environments' names resolve where the function app is.
        Assert.All(deployed.Of("VirtualNetworkLink"), link => Assert.Equal(deployed.One("VirtualNetwork", "network").Id, link.Text("virtualNetwork.id")));
        Assert.Equal(2, deployed.Of("StorageAccount").Count(account => account.Text("kind") == "FileStorage"));
    }

    [Fact]
    public async Task A_network_that_is_there_already_is_used()
    {
        const string Network = "/subscriptions/s/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/spoke";
        Deployed deployed = await Stacks.DeployAsync(
            "prod", ("gpuSubnet", $"{Network}/subnets/gpus"), ("functionsSubnet", $"{Network}/subnets/functions"), ("endpointsSubnet", $"{Network}/subnets/endpoints"),
            ("dnsZonesGroup", "/subscriptions/s/resourceGroups/dns"));
        Assert.Empty(deployed.Of("VirtualNetwork"));
        Assert.Empty(deployed.Of("Subnet"));
        Assert.Equal($"{Network}/subnets/gpus", deployed.One("ManagedEnvironment").Text("vnetConfiguration.infrastructureSubnetId"));
        Assert.Equal($"{Network}/subnets/functions", deployed.One("WebApp").Text("virtualNetworkSubnetId"));
        Assert.All(deployed.Of("PrivateEndpoint"), endpoint => Assert.Equal($"{Network}/subnets/endpoints", endpoint.Text("subnet.id")));
        Assert.All(
            deployed.Of("PrivateDnsZoneGroup"),
            group => Assert.StartsWith("/subscriptions/s/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones/privatelink.", group.Text("privateDnsZoneConfigs.0.privateDnsZoneId"), StringComparison.Ordinal));
        // The environment's own domain is nobody else's.
        Assert.Equal(Network, deployed.One("VirtualNetworkLink").Text("virtualNetwork.id"));
    }

    [Fact]
    public async Task An_imported_image_is_pulled_by_digest_from_the_stacks_registry()
    {
        string digest = $"sha256:{new string('a', 64)}";
        Deployed deployed = await Stacks.DeployAsync("prod", ("imageDigest", digest));
        Assert.Equal($"registry.example.io/vllm/vllm-openai@{digest}", deployed.One("ContainerApp", "judge").Text("template.containers.0.image"));
        Assert.Equal("docker.io/vllm/vllm-openai:v0.11.0", (await Stacks.DeployAsync("dev")).One("ContainerApp", "judge").Text("template.containers.0.image"));
    }

    [Fact]
    public async Task A_deleted_vault_does_not_hold_the_next_ones_name()
    {
        DeploymentSettings settings = Stacks.Settings("dev") with { HuggingFaceToken = Pulumi.Output.CreateSecret("hf") };
        string first = (await Stacks.DeployAsync(settings)).One("Vault").Text("vaultName")!;
        string next = (await Stacks.DeployAsync(settings with { VaultGeneration = 1 })).One("Vault").Text("vaultName")!;
        Assert.NotEqual(first, next);
        Assert.InRange(next.Length, 3, 24);
    }

    [Fact]
    public async Task Events_come_from_a_topic_that_is_there_already()
    {
        Deployed deployed = await Stacks.DeployAsync("dev", ("systemTopic", "defender"), ("systemTopicGroup", "security"), ("systemTopicPrincipal", "principal"));
        Assert.Empty(deployed.Of("SystemTopic"));
        Declared subscription = deployed.One("SystemTopicEventSubscription");
        Assert.Equal("security defender", $"{subscription.Text("resourceGroupName")} {subscription.Text("systemTopicName")}");
        Assert.Equal(2, deployed.Of("RoleAssignment").Count(grant => grant.Text("principalId") == "principal"));
    }

    [Fact]
    public async Task The_worker_and_the_reward_server_stand_beside_the_function_app_from_zero()
    {
        Deployed deployed = await Stacks.DeployAsync("dev", ("toolImage", "ghcr.io/someone/tribunal:1"), ("workerReplicas", "3"), ("rewardReplicas", "1"));
        Declared worker = deployed.One("ContainerApp", "worker");
        Assert.Equal("0 3", $"{worker.Text("template.scale.minReplicas")} {worker.Text("template.scale.maxReplicas")}");
        Assert.Equal(ResourceNames.EvaluationsQueue, worker.Text("template.scale.rules.0.azureQueue.queueName"));
        Assert.Equal(ResourceNames.WorkerStepsQueue, worker.Text("template.scale.rules.1.azureQueue.queueName"));
        Assert.Equal("Main", worker.Text("configuration.identitySettings.0.lifecycle"));
        Assert.Null(worker["configuration.ingress"]);
        Declared rewards = deployed.One("ContainerApp", "rewards");
        Assert.Equal("serve", rewards.Text("template.containers.0.args.0"));
        Assert.Contains("https://judge.apps.example.internal/v1", rewards["template.containers.0.args"]!.AsArray().Select(part => part!.ToString()));
        Assert.Equal("ghcr.io/someone/tribunal:1", rewards.Text("template.containers.0.image"));
    }
}
