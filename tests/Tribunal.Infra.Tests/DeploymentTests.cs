using Tribunal.Azure.Names;
using Tribunal.Infra.Storage;
using Tribunal.Runs.Telemetry;

namespace Tribunal.Infra.Tests;

/// <summary>What the stacks deploy.</summary>
public sealed class DeploymentTests
{
    [Fact]
    public async Task Only_completed_uploads_of_rollouts_reach_the_queue()
    {
        Deployed deployed = await Stacks.DeployAsync("prod");
        Declared subscription = deployed.One("SystemTopicEventSubscription");
        Assert.Equal("/blobServices/default/containers/rollouts/blobs/", subscription.Text("filter.subjectBeginsWith"));
        Assert.Equal("Microsoft.Storage.BlobCreated", subscription.Text("filter.includedEventTypes.0"));
        Assert.Equal("data.api", subscription.Text("filter.advancedFilters.0.key"));
        Assert.Equal(["PutBlob", "PutBlockList", "CopyBlob", "FlushWithClose"], subscription["filter.advancedFilters.0.values"]!.AsArray().Select(value => value!.ToString()));
        Assert.Equal("StringNotBeginsWith subject", $"{subscription.Text("filter.advancedFilters.1.operatorType")} {subscription.Text("filter.advancedFilters.1.key")}");
        Assert.Equal("/blobServices/default/containers/rollouts/blobs/submitted/", subscription.Text("filter.advancedFilters.1.values.0"));
        Assert.Equal(UploadEvents.CompletingCalls, subscription["filter.advancedFilters.0.values"]!.AsArray().Select(value => value!.ToString()));
        Assert.Equal(ResourceNames.UploadsQueue, subscription.Text("deliveryWithResourceIdentity.destination.queueName"));
        Assert.Equal(ResourceNames.DeadLettersContainer, subscription.Text("deadLetterWithResourceIdentity.deadLetterDestination.blobContainerName"));
    }

    [Fact]
    public async Task Lifecycle_takes_the_stacks_days_and_asks_append_blobs_for_no_tier()
    {
        Deployed deployed = await Stacks.DeployAsync("dev", ("ledgerCoolDays", "11"), ("ledgerDeleteDays", "22"), ("rolloutDeleteDays", "33"));
        Dictionary<string, Declared> rules = deployed.One("ManagementPolicy")["policy.rules"]!.AsArray()
            .ToDictionary(rule => rule!["name"]!.ToString(), rule => new Declared("", "", "", rule!.DeepClone().AsObject()), StringComparer.Ordinal);
        const string Days = "daysAfterModificationGreaterThan";

        Assert.Equal("11", rules["published-runs"].Text($"definition.actions.baseBlob.tierToCool.{Days}"));
        Assert.Equal("22", rules["published-runs"].Text($"definition.actions.baseBlob.delete.{Days}"));
        Assert.Equal("22", rules["ledger-parts"].Text($"definition.actions.baseBlob.delete.{Days}"));
        Assert.Equal("33", rules["rollouts"].Text($"definition.actions.baseBlob.delete.{Days}"));
        Assert.All(rules.Values.Where(rule => rule.Text("definition.filters.blobTypes.0") == "appendBlob"), rule => Assert.Null(rule["definition.actions.baseBlob.tierToCool"]));
    }

    [Fact]
    public async Task Gpu_apps_start_from_zero_on_requests_and_may_take_long()
    {
        Deployed deployed = await Stacks.DeployAsync("prod", ("judgeStartMinutes", "40"));
        Assert.Equal(["judge", "meta"], deployed.Of("ContainerApp").Select(app => app.Name).Order(StringComparer.Ordinal));
        Assert.All(deployed.Of("ContainerApp"), app =>
        {
            Assert.Equal("0", app.Text("template.scale.minReplicas"));
            Assert.Equal("NfsAzureFile", app.Text("template.volumes.0.storageType"));
            Assert.Equal("vllm serve", string.Join(' ', app["template.containers.0.command"]!.AsArray().Select(part => part!.ToString())));
        });
        Declared judge = deployed.One("ContainerApp", "judge");
        Assert.Equal("Startup", judge.Text("template.containers.0.probes.0.type"));
        int period = int.Parse(judge.Text("template.containers.0.probes.0.periodSeconds")!, System.Globalization.CultureInfo.InvariantCulture);
        int failures = int.Parse(judge.Text("template.containers.0.probes.0.failureThreshold")!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(period, 1, 240);
        Assert.InRange(failures, 1, 10);
        Assert.Equal(40 * 60, period * failures);
        Assert.Equal("00:50:00", deployed.FunctionSettings[SettingNames.ToAppSetting(SettingNames.JudgeStartLimit)]);
        Assert.Equal("Consumption-GPU-NC24-A100", deployed.One("ManagedEnvironment").Text("workloadProfiles.1.workloadProfileType"));
        Assert.Equal("serverless-a100", judge.Text("workloadProfileName"));
    }

    [Fact]
    public async Task A_model_is_served_as_the_configuration_says()
    {
        Deployed deployed = await Stacks.DeployAsync(
            "prod", ("gpu", "dedicated-2xa100"), ("judgeRevision", "abc123"), ("judgeTensorParallel", "2"), ("judgeQuantization", "fp8"), ("judgeArguments", "--enable-prefix-caching,--seed,7"));
        Declared judge = deployed.One("ContainerApp", "judge");
        string line = string.Join(' ', judge["template.containers.0.args"]!.AsArray().Select(part => part!.ToString()));
        Assert.StartsWith("BBQGOD/DeepSeek-GRM-27B --revision abc123 ", line, StringComparison.Ordinal);
        Assert.Contains("--max-model-len 8192 --max-num-seqs 32 --tensor-parallel-size 2 ", line, StringComparison.Ordinal);
        Assert.EndsWith("--quantization fp8 --enable-prefix-caching --seed 7", line, StringComparison.Ordinal);
        Assert.Equal("NC48-A100", deployed.One("ManagedEnvironment").Text("workloadProfiles.1.workloadProfileType"));
        Assert.NotNull(deployed.One("ManagedEnvironment")["workloadProfiles.1.maximumCount"]);
    }

    [Fact]
    public async Task A_token_reaches_the_container_from_the_vault_and_a_baked_image_from_the_registry()
    {
        Deployed deployed = await Stacks.DeployAsync(Stacks.Settings("prod", ("weights", "baked"), ("image", "judge:1")) with
        {
            HuggingFaceToken = Pulumi.Output.CreateSecret("hf_token"),
        });
        Declared judge = deployed.One("ContainerApp", "judge");
        Assert.Equal("https://vault.example.net/secrets/hugging-face-token", judge.Text("configuration.secrets.0.keyVaultUrl"));
        Assert.Null(judge["configuration.secrets.0.value"]);
        Assert.Contains(judge["template.containers.0.env"]!.AsArray(), variable => variable!["name"]!.ToString() == "HF_TOKEN" && variable["secretRef"] is not null);
        Assert.Equal("registry.example.io/judge:1", judge.Text("template.containers.0.image"));
        Assert.Equal(judge.Text("identity.userAssignedIdentities.0"), judge.Text("configuration.registries.0.identity"));
        Assert.Null(judge["template.volumes"]);
        Assert.Empty(deployed.Of("FileShare"));
    }

    [Fact]
    public async Task The_function_app_is_flex_consumption_on_dotnet_10_and_deploys_by_identity()
    {
        Deployed deployed = await Stacks.DeployAsync("prod");
        Declared app = deployed.One("WebApp");
        Assert.Equal("FC1", deployed.One("AppServicePlan").Text("sku.name"));
        Assert.Equal("dotnet-isolated 10.0", $"{app.Text("functionAppConfig.runtime.name")} {app.Text("functionAppConfig.runtime.version")}");
        Assert.EndsWith($"/{ResourceNames.DeploymentContainer}", app.Text("functionAppConfig.deployment.storage.value"), StringComparison.Ordinal);
        Assert.Equal("UserAssignedIdentity", app.Text("functionAppConfig.deployment.storage.authentication.type"));
        Assert.Equal("durable", app.Text("functionAppConfig.scaleAndConcurrency.alwaysReady.0.name"));
        // Flex Consumption refuses the older plans' settings.
        Assert.DoesNotContain(deployed.FunctionSettings.Keys, key => key is "FUNCTIONS_WORKER_RUNTIME" or "FUNCTIONS_EXTENSION_VERSION" or "WEBSITE_RUN_FROM_PACKAGE");
    }

    [Fact]
    public async Task Somebody_is_told_of_poison_nonsense_idle_gpus_and_money()
    {
        Deployed deployed = await Stacks.DeployAsync("prod", ("alertEmails", "a@example.com,b@example.com"), ("validRateFloor", "0.6"));
        string Query(string rule) => deployed.One("ScheduledQueryRule", rule).Text("criteria.allOf.0.query")!;

        Assert.Contains($"({ResourceNames.EvaluationsQueue}|{ResourceNames.UploadsQueue}){ResourceNames.PoisonSuffix}", Query("poison-queue"), StringComparison.Ordinal);
        Assert.Contains(MetricNames.Judgements, Query("valid-rate"), StringComparison.Ordinal);
        Assert.Contains("valid < 0.6 * drawn", Query("valid-rate"), StringComparison.Ordinal);
        Assert.Contains("(\"judge\", \"meta\")", Query("gpu-for-nothing"), StringComparison.Ordinal);
        Assert.All(deployed.Of("ScheduledQueryRule"), rule => Assert.Equal(deployed.One("ActionGroup").Id, rule.Text("actions.actionGroups.0")));
        Assert.Equal(["a@example.com", "b@example.com"], deployed.One("ActionGroup")["emailReceivers"]!.AsArray().Select(mail => mail!["emailAddress"]!.ToString()));

        Declared budget = deployed.One("Budget");
        Assert.Equal(deployed.One("ResourceGroup").Id, budget.Text("scope"));
        Assert.Equal("3000", budget.Text("amount"));
        Assert.Equal(4, budget["notifications"]!.AsObject().Count);
    }

    [Fact]
    public async Task The_logs_that_alerts_read_are_collected()
    {
        Deployed deployed = await Stacks.DeployAsync("prod");
        Declared queues = deployed.One("DiagnosticSetting", "diagnostics-queues");
        Assert.EndsWith("/queueServices/default", queues.Text("resourceUri"), StringComparison.Ordinal);
        Assert.Equal("StorageWrite", queues.Text("logs.0.category"));
        Assert.Equal("AllMetrics", deployed.One("DiagnosticSetting", "diagnostics-judge").Text("metrics.0.category"));
        Assert.All(deployed.Of("DiagnosticSetting"), setting => Assert.Equal(deployed.One("Workspace").Id, setting.Text("workspaceId")));
    }

    [Theory]
    [InlineData("gpu", "serverless-h100", "gpu")]
    [InlineData("judgeProtocol", "best", "judgeProtocol")]
    [InlineData("judgeMaxReplicas", "0", "judgeMaxReplicas")]
    [InlineData("judgeMaxReplicas", "two", "judgeMaxReplicas")]
    [InlineData("judgeWeightsGiB", "15", "quantise")]
    [InlineData("judgeTensorParallel", "2", "tensor parallel")]
    [InlineData("ledgerDeleteDays", "7", "ledgerDeleteDays")]
    [InlineData("budgetStart", "2026-11-02", "budgetStart")]
    [InlineData("alertEmails", "", "alertEmails")]
    [InlineData("alwaysReady", "99", "alwaysReady")]
    [InlineData("location", null, "location")]
    [InlineData("judgeModel", null, "judgeModel")]
    [InlineData("submitters", "robot:1", "submitters")]
    [InlineData("allowedAddresses", "10.1.2.3", "allowedAddresses")]
    [InlineData("allowedAddresses", "203.0.113.0/31", "allowedAddresses")]
    [InlineData("workerReplicas", "1", "toolImage")]
    [InlineData("defaultJudge", "nobody", "defaultJudge")]
    [InlineData("unavailable", "judge", "fallback")]
    [InlineData("judgeFallback", "nobody", "fallback")]
    [InlineData("judges", "[]", "judges")]
    [InlineData("judges", """{"Big":{"model":"m","weightsGiB":1,"dataType":"half"}}""", "Big")]
    [InlineData("judges", """{"judge":{"model":"m","weightsGiB":1,"dataType":"half"}}""", "twice")]
    [InlineData("judges", """{"big":{"model":"m","weightsGiB":1,"dataType":"half","replicas":2}}""", "judges.big.replicas")]
    [InlineData("judges", """{"big":{"weightsGiB":1}}""", "judges.big.model")]
    [InlineData("judges", """{"big":{"endpoint":"http://example.com/v1","model":"m"}}""", "judges.big.endpoint")]
    [InlineData("judgeApiKeys", """{"big":"key"}""", "judgeApiKeys")]
    [InlineData("image", "a b", "image")]
    public void A_configuration_that_cannot_work_is_refused_by_name(string key, string? value, string named)
    {
        ArgumentException refusal = Assert.Throws<ArgumentException>(() => Stacks.Settings("dev", (key, value)));
        Assert.Contains(named, refusal.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_private_scheduler_needs_its_link() => Assert.Contains(
        "schedulerLink", Assert.Throws<ArgumentException>(() => Stacks.Settings("prod", ("durableBackend", "azureManaged"))).Message, StringComparison.Ordinal);
}
