using System.Globalization;
using System.Text.Json;
using Tribunal.Azure.Names;
using Tribunal.Runs.Steps;
using Tribunal.Infra.Compute;
using Tribunal.Infra.Functions;
using Tribunal.Infra.Identity;
using Tribunal.Infra.Network;
using Tribunal.Infra.Storage;

namespace Tribunal.Infra;

/// <summary>Reads <see cref="DeploymentSettings"/> from a stack's configuration.</summary>
internal static class SettingsReader
{
    /// <summary>Reads and checks.</summary>
    /// <param name="get">The value of a key, or null.</param>
    /// <exception cref="ArgumentException">A value is missing, malformed, out of its range, or can't be held.</exception>
    public static DeploymentSettings Read(Func<string, string?> get)
    {
        ConfigurationReader read = new(get);
        GpuProfile gpu = GpuProfile.Find(read.Text("gpu", "serverless-t4"));
        (List<JudgePool> judges, List<ExternalJudge> external) = Judges(read, gpu);
        string first = judges.Select(judge => judge.Name).Concat(external.Select(judge => judge.Name)).FirstOrDefault()
            ?? throw new ArgumentException("judgeModel: set it with 'pulumi config set judgeModel …', or describe judges");
        DeploymentSettings settings = new()
        {
            Location = read.Required("location"),
            Private = read.Flag("private"),
            AllowedAddresses = read.List("allowedAddresses"),
            SignIn = read.Optional("signIn"),
            AddressSpace = read.Text("addressSpace", "10.42"),
            Network = read.Optional("gpuSubnet") is { } subnet ? new ExistingNetwork(
                subnet, read.Required("functionsSubnet"), read.Optional("endpointsSubnet"), read.Optional("dnsZonesGroup")) : null,
            Judges = judges,
            ExternalJudges = external,
            KeyedJudges = Keys(read),
            Unavailable = read.List("unavailable"),
            DefaultJudge = read.Text("defaultJudge", first),
            Samples = read.Integer("samples", 8, 1, 1024),
            Routing = read.Optional("routing"),
            ValidRateFloor = read.Number("validRateFloor", ActivityOptions.DefaultValidRateFloor, 0, 1),
            Meta = get("metaModel") is null ? null : Model(read, Prefixed("meta")),
            MetaGpu = GpuProfile.Find(read.Text("metaGpu", gpu.Name)),
            Image = read.Text("image", "docker.io/vllm/vllm-openai:v0.11.0"),
            ImportImage = read.Flag("importImage"),
            ImageDigest = read.Optional("imageDigest"),
            ToolImage = read.Optional("toolImage"),
            WorkerReplicas = read.Integer("workerReplicas", 0, 0, 100),
            RewardReplicas = read.Integer("rewardReplicas", 0, 0, 1),
            Weights = read.OneOf("weights", "nfs", "baked") == "baked" ? WeightsSource.Baked : WeightsSource.Nfs,
            Share = new WeightsShare(
                read.Integer("weightsShareGiB", 100, 100, 102_400),
                read.Optional("weightsMiBps") is null ? null : read.Integer("weightsMiBps", 100, 100, 10_340)),
            VaultGeneration = read.Integer("vaultGeneration", 0, 0, 999),
            SystemTopic = read.Optional("systemTopic") is { } topic ? new ExistingTopic(topic, read.Required("systemTopicGroup"), read.Required("systemTopicPrincipal")) : null,
            DurableBackend = read.OneOf("durableBackend", SettingNames.DurableAzureStorage, SettingNames.DurableTaskScheduler),
            SchedulerLink = read.Optional("schedulerLinkGroup") is { } link ? new SchedulerLink(link, read.Required("schedulerLinkZone")) : null,
            AlwaysReady = read.Integer("alwaysReady", 0, 0, 100),
            InstanceMemoryMB = int.Parse(read.OneOf("instanceMemoryMB", "2048", "512", "4096"), CultureInfo.InvariantCulture),
            Headroom = read.Number("headroom", 2, 1, 4),
            ChunkJudgements = read.Integer("chunkJudgements", 16, 1, 256),
            SmallestInstanceCap = read.Integer("smallestInstanceCap", 40, 1, 1000),
            JudgementSeconds = read.Number("judgementSeconds", 5, 0.1, 3600),
            LedgerCoolDays = read.Integer("ledgerCoolDays", 30, 1, 3650),
            LedgerDeleteDays = read.Integer("ledgerDeleteDays", 365, 2, 3650),
            RolloutDeleteDays = read.Integer("rolloutDeleteDays", 90, 1, 3650),
            SoftDeleteDays = read.Integer("softDeleteDays", 7, 1, 365),
            LogRetentionDays = read.Integer("logRetentionDays", 30, 30, 730),
            LogDailyCapGB = read.Number("logDailyCapGB", 1, 0.1, 1000),
            AlertEmails = read.List("alertEmails"),
            MonthlyBudget = read.Optional("monthlyBudget") is null ? null : read.Number("monthlyBudget", 0, 0, 10_000_000),
            BudgetStart = read.Text("budgetStart", ""),
            Submitters = [.. read.List("submitters").Select(Submitter.Parse)],
            DeployerOperates = read.OneOf("deployerOperates", "true", "false") == "true",
        };
        settings.Require();
        return settings;
    }

    private static (List<JudgePool> Pools, List<ExternalJudge> External) Judges(ConfigurationReader read, GpuProfile gpu)
    {
        List<JudgePool> pools = [];
        List<ExternalJudge> external = [];
        if (read.Optional("judgeModel") is not null)
        {
            pools.Add(new JudgePool
            {
                Name = DeploymentSettings.MainJudge, Model = Model(read, Prefixed("judge")), Gpu = gpu, Protocol = Protocol(read, "judgeProtocol"), Fallback = read.Optional("judgeFallback"),
            });
        }

        foreach ((string name, ConfigurationReader judge, Action refuseOthers) in read.Map("judges"))
        {
            if (judge.Optional("endpoint") is { } endpoint)
            {
                external.Add(new ExternalJudge
                {
                    Name = name, Endpoint = endpoint, Model = judge.Required("model"), Protocol = Protocol(judge, "protocol"), Concurrency = judge.Integer("concurrency", 64, 1, 4096),
                });
            }
            else
            {
                pools.Add(new JudgePool
                {
                    Name = name,
                    Model = Model(judge, char.ToLowerInvariant, ""),
                    Gpu = GpuProfile.Find(judge.Text("gpu", gpu.Name)),
                    Protocol = Protocol(judge, "protocol"),
                    Location = judge.Optional("location"),
                    Fallback = judge.Optional("fallback"),
                });
            }

            refuseOthers();
        }

        return (pools, external);
    }

    private static string Protocol(ConfigurationReader read, string key) => read.OneOf(key, "auto", "grm", "rm-r1", "rrm");

    // Names only: what stands beside them is secret.
    private static string[] Keys(ConfigurationReader read)
    {
        if (read.Optional(DeploymentSettings.JudgeApiKeysKey) is not { } text)
        {
            return [];
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return [.. document.RootElement.EnumerateObject().Select(key => key.Name)];
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new ArgumentException(
                $"{DeploymentSettings.JudgeApiKeysKey}: not a map of names to keys: set each with 'pulumi config set --secret --path {DeploymentSettings.JudgeApiKeysKey}.NAME …'", exception);
        }
    }

    private static (Func<char, char> First, string Prefix) Prefixed(string prefix) => (first => first, prefix);

    private static ServedModel Model(ConfigurationReader read, (Func<char, char> First, string Prefix) keys) => Model(read, keys.First, keys.Prefix);

    private static ServedModel Model(ConfigurationReader read, Func<char, char> first, string prefix)
    {
        string Key(string name) => $"{prefix}{first(name[0])}{name[1..]}";

        return new ServedModel
        {
            Model = read.Required(Key("Model")),
            Revision = read.Text(Key("Revision"), "main"),
            MaxModelLength = read.Integer(Key("MaxLength"), 8192, 512, 131_072),
            TensorParallel = read.Integer(Key("TensorParallel"), 1, 1, 8),
            Quantization = read.Optional(Key("Quantization")),
            DataType = read.Text(Key("DataType"), "auto"),
            MaxSequences = read.Integer(Key("MaxSequences"), 16, 1, 1024),
            WeightsGiB = read.Number(Key("WeightsGiB"), 0, 0, 2000),
            CheckpointGiB = read.Number(Key("CheckpointGiB"), 0, 0, 4000),
            ExtraArguments = read.List(Key("Arguments")),
            Environment = read.Pairs(Key("Environment")),
            Image = read.Optional(Key("Image")),
            MinReplicas = read.Integer(Key("MinReplicas"), 0, 0, 100),
            MaxReplicas = read.Integer(Key("MaxReplicas"), 1, 1, 100),
            CooldownSeconds = read.Integer(Key("CooldownSeconds"), 600, 60, 3600),
            StartMinutes = read.Integer(Key("StartMinutes"), 0, 0, ModelStart.MostMinutes),
        };
    }
}
