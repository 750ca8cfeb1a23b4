using System.Globalization;
using Pulumi;
using Tribunal.Azure.Names;
using Tribunal.Infra.Compute;
using Tribunal.Infra.Functions;
using Tribunal.Infra.Identity;
using Tribunal.Infra.Network;
using Tribunal.Infra.Storage;
using Tribunal.Runs.Steps;

namespace Tribunal.Infra;

/// <summary>Where model weights come from.</summary>
public enum WeightsSource
{
    /// <summary>An NFS share that keeps what the first start downloaded. Default. About the weights' size in provisioned SSD, paid idle or not.</summary>
    Nfs,

    /// <summary>The image has them. Needs an image of one's own, in the registry that this stack then makes; the pull is the cold start.</summary>
    Baked,
}

/// <summary>
/// Everything that a stack's configuration may say: <c>pulumi config set KEY VALUE</c>, or the stack's file. Each property
/// names its key; a key that is absent takes the default. <see cref="SettingsReader"/> reads and checks them.
/// </summary>
public sealed record DeploymentSettings
{
    /// <summary>The name of the judge that the <c>judge…</c> keys describe.</summary>
    public const string MainJudge = "judge";

    /// <summary>The key of the Hugging Face token, which is read as a secret.</summary>
    public const string HuggingFaceTokenKey = "huggingFaceToken";

    /// <summary>The key of the external judges' keys, a map of names to secrets.</summary>
    public const string JudgeApiKeysKey = "judgeApiKeys";

    /// <summary><c>location</c>: an Azure region that has the GPU profile, Flex Consumption and quota for both. Required.</summary>
    public required string Location { get; init; }

    /// <summary>
    /// <c>private</c>: private endpoints and their DNS for storage, vault, registry, telemetry and the function app, and nobody
    /// else let in but <see cref="AllowedAddresses"/>; default false. About 8 private endpoints, paid by the hour. Judges are private either way.
    /// </summary>
    public bool Private { get; init; }

    /// <summary><c>allowedAddresses</c>: public IPv4 addresses or ranges, up to /30, that reach storage and the function app of a private stack, separated by commas; default none.</summary>
    public IReadOnlyList<string> AllowedAddresses { get; init; } = [];

    /// <summary>
    /// Client id of the app registration that people sign in to before they call the function app's HTTP triggers; null (default):
    /// function keys alone. In a private stack it is a way in from anywhere, uploads included.
    /// </summary>
    public string? SignIn { get; init; }

    /// <summary><c>addressSpace</c>: first two octets of the virtual network, <c>10.42</c> by default: a /20 of it is used; a further region's network is the next one.</summary>
    public string AddressSpace { get; init; } = "10.42";

    /// <summary><c>gpuSubnet</c>, <c>functionsSubnet</c>, <c>endpointsSubnet</c>, <c>dnsZonesGroup</c>: a network that is there already; absent (default): one is made.</summary>
    public ExistingNetwork? Network { get; init; }

    /// <summary>
    /// The judges on GPUs, the default one first. <c>judgeModel</c>, <c>judgeGpu</c>, … describe one that is called
    /// <see cref="MainJudge"/>; <c>judges</c> is a map of names to the same settings without their prefix, with <c>gpu</c>,
    /// <c>protocol</c>, <c>location</c> and <c>fallback</c>.
    /// </summary>
    public required IReadOnlyList<JudgePool> Judges { get; init; }

    /// <summary>Those of <c>judges</c> that have an <c>endpoint</c>, with <c>model</c>, <c>protocol</c> and <c>concurrency</c>.</summary>
    public IReadOnlyList<ExternalJudge> ExternalJudges { get; init; } = [];

    /// <summary><c>judgeApiKeys</c> (<c>--secret --path judgeApiKeys.NAME</c>): keys of external judges, a JSON map; absent (default): they want none.</summary>
    public Output<string>? JudgeApiKeys { get; init; }

    /// <summary>Names in <see cref="JudgeApiKeys"/>: which external judges have a key.</summary>
    public IReadOnlyList<string> KeyedJudges { get; init; } = [];

    /// <summary><c>unavailable</c>: judges whose GPUs can't be had, separated by commas; each needs a fallback, which answers under its name. Default none.</summary>
    public IReadOnlyList<string> Unavailable { get; init; } = [];

    /// <summary><c>defaultJudge</c>: the judge of requests that name none; default the first.</summary>
    public required string DefaultJudge { get; init; }

    /// <summary><c>samples</c>: judgements per rollout where a request doesn't say, 1 to 1,024; default 8.</summary>
    public int Samples { get; init; } = 8;

    /// <summary><c>routing</c>: the routing table of requests that have none, as JSON; absent (default): none.</summary>
    public string? Routing { get; init; }

    /// <summary><c>validRateFloor</c>: below this share of valid judgements a run stops and the alert fires, in [0, 1]; default <see cref="ActivityOptions.DefaultValidRateFloor"/>.</summary>
    public double ValidRateFloor { get; init; } = ActivityOptions.DefaultValidRateFloor;

    /// <summary><c>metaModel</c> and the judge's other keys with <c>meta</c>: a meta reward model; absent (default): none.</summary>
    public ServedModel? Meta { get; init; }

    /// <summary><c>metaGpu</c>: its profile; default the judge's.</summary>
    public GpuProfile MetaGpu { get; init; } = GpuProfile.Find("serverless-t4");

    /// <summary><c>image</c>: the vLLM image; with <see cref="WeightsSource.Baked"/> its repository and tag inside the stack's registry.</summary>
    public string Image { get; init; } = "docker.io/vllm/vllm-openai:v0.11.0";

    /// <summary><c>importImage</c>: pull the image from a registry of the stack's, into which it was imported; default false.</summary>
    public bool ImportImage { get; init; }

    /// <summary><c>imageDigest</c>: <c>sha256:…</c> of <see cref="Image"/>; the tag alone may point elsewhere tomorrow.</summary>
    public string? ImageDigest { get; init; }

    /// <summary><c>toolImage</c>: the image of this repository's Dockerfile; needed by <see cref="WorkerReplicas"/> and <see cref="RewardReplicas"/>.</summary>
    public string? ToolImage { get; init; }

    /// <summary><c>workerReplicas</c>: the most queue workers beside the function app, 0 (default: none) to 100. From zero, by the queue's length.</summary>
    public int WorkerReplicas { get; init; }

    /// <summary><c>rewardReplicas</c>: the most replicas of the reward server, 0 (default: none) or 1: what it holds is one process's. From zero, by requests.</summary>
    public int RewardReplicas { get; init; }

    /// <summary><c>weights</c>: <c>nfs</c> (default) or <c>baked</c>.</summary>
    public WeightsSource Weights { get; init; }

    /// <summary>
    /// <c>weightsShareGiB</c>: size of the NFS share, 100 to 102,400 GiB; default 100, the smallest. Provisioned, so paid whole.
    /// <c>weightsMiBps</c>: throughput that is bought apart from it, 100 to 10,340 MiB/s; absent (default): what comes with the size.
    /// </summary>
    public WeightsShare Share { get; init; } = new(100, null);

    /// <summary><c>huggingFaceToken</c> (<c>--secret</c>): for models that ask for one; absent (default): no vault is made.</summary>
    public Output<string>? HuggingFaceToken { get; init; }

    /// <summary><c>vaultGeneration</c>: 0 (default) to 999: another one is another name for the vault, where a deleted one holds the old.</summary>
    public int VaultGeneration { get; init; }

    /// <summary><c>systemTopic</c>, <c>systemTopicGroup</c>, <c>systemTopicPrincipal</c>: the Event Grid topic that the storage account has already: there is one per source. Absent (default): one is made.</summary>
    public ExistingTopic? SystemTopic { get; init; }

    /// <summary><c>durableBackend</c>: <c>azureStorage</c> (default) or <c>azureManaged</c>, the Durable Task Scheduler.</summary>
    public string DurableBackend { get; init; } = SettingNames.DurableAzureStorage;

    /// <summary>
    /// <c>schedulerLinkGroup</c> and <c>schedulerLinkZone</c>: how a private scheduler is reached; required where the scheduler
    /// and <see cref="Private"/> come together.
    /// </summary>
    public SchedulerLink? SchedulerLink { get; init; }

    /// <summary><c>alwaysReady</c>: instances of the durable group that never go, 0 to 100; default 0. Each costs its memory around the clock and saves a cold start of seconds.</summary>
    public int AlwaysReady { get; init; }

    /// <summary><c>instanceMemoryMB</c>: 512, 2,048 (default) or 4,096.</summary>
    public int InstanceMemoryMB { get; init; } = 2048;

    /// <summary><c>headroom</c>, <c>chunkJudgements</c>, <c>smallestInstanceCap</c>, <c>judgementSeconds</c>: see <see cref="FanoutDemand"/>.</summary>
    public double Headroom { get; init; } = 2;

    /// <inheritdoc cref="FanoutDemand.ChunkJudgements"/>
    public int ChunkJudgements { get; init; } = 16;

    /// <inheritdoc cref="FanoutDemand.SmallestCap"/>
    public int SmallestInstanceCap { get; init; } = 40;

    /// <inheritdoc cref="FanoutDemand.JudgementSeconds"/>
    public double JudgementSeconds { get; init; } = 5;

    /// <summary><c>ledgerCoolDays</c>: days until published ledgers move to the cool tier, 1 to 3,650; default 30.</summary>
    public int LedgerCoolDays { get; init; } = 30;

    /// <summary><c>ledgerDeleteDays</c>: days until runs are deleted, more than <see cref="LedgerCoolDays"/>; default 365.</summary>
    public int LedgerDeleteDays { get; init; } = 365;

    /// <summary><c>rolloutDeleteDays</c>: days until uploaded batches are deleted, 1 to 3,650; default 90.</summary>
    public int RolloutDeleteDays { get; init; } = 90;

    /// <summary><c>softDeleteDays</c>: days that a deleted blob can be had back, 1 to 365; default 7. Paid as stored.</summary>
    public int SoftDeleteDays { get; init; } = 7;

    /// <summary><c>logRetentionDays</c>: 30 (default, free of charge) to 730.</summary>
    public int LogRetentionDays { get; init; } = 30;

    /// <summary><c>logDailyCapGB</c>: ingestion stops there for the day; default 1. A ceiling on the second surprise of a bill.</summary>
    public double LogDailyCapGB { get; init; } = 1;

    /// <summary><c>alertEmails</c>: addresses, separated by commas; alerts and the budget write there. Required.</summary>
    public required IReadOnlyList<string> AlertEmails { get; init; }

    /// <summary><c>monthlyBudget</c>: in the subscription's currency, above 0; mails at 50, 80 and 100 %, and when 100 % is forecast. It warns, it stops nothing. Absent: none, for subscriptions that take no budgets.</summary>
    public double? MonthlyBudget { get; init; }

    /// <summary><c>budgetStart</c>: first day of the month in which the stack is first deployed, <c>yyyy-MM-01</c>. Required with a budget.</summary>
    public string BudgetStart { get; init; } = "";

    /// <summary>
    /// <c>submitters</c>: who may submit batches and read runs, as object ids of Entra, separated by commas: <c>user:ID</c>,
    /// <c>group:ID</c>, <c>app:ID</c> (of a service principal or managed identity); an id alone is a group's. Default none: the deployer may anyway.
    /// </summary>
    public IReadOnlyList<Submitter> Submitters { get; init; } = [];

    /// <summary><c>deployerOperates</c>: whether whoever deploys may also use the data: submit, check, empty poison queues; default true.</summary>
    public bool DeployerOperates { get; init; } = true;

    /// <summary>The judges whose apps are made: all but the unavailable ones.</summary>
    public IEnumerable<JudgePool> DeployedJudges => Judges.Where(judge => !Unavailable.Contains(judge.Name, StringComparer.Ordinal));

    /// <summary>Whether images are pulled from a registry of the stack's.</summary>
    public bool HasRegistry => ImportImage || Weights == WeightsSource.Baked;

    /// <summary>What all replicas of a region read when they start together, in GiB.</summary>
    /// <param name="location">The region; null: the stack's.</param>
    public double StartsTogetherGiB(string? location) =>
        DeployedJudges.Where(judge => judge.Location == location).Sum(judge => judge.Model.StoredGiB * judge.Model.MaxReplicas)
        + (location is null && Meta is { } meta ? meta.StoredGiB * meta.MaxReplicas : 0);

    /// <summary>Minutes that a model may take until it listens, from its container's start.</summary>
    public int StartMinutes(ServedModel model, string? location = null) => model.StartMinutes > 0
        ? model.StartMinutes
        : ModelStart.Minutes(model.StoredGiB, StartsTogetherGiB(location), Weights == WeightsSource.Nfs ? Share.MiBps : null);

    /// <summary>The judge that answers under a name: itself, or what it falls back to.</summary>
    /// <exception cref="ArgumentException">Its GPUs can't be had, and nothing stands in.</exception>
    public string Answering(string name)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        while (Unavailable.Contains(name, StringComparer.Ordinal))
        {
            string? fallback = Judges.FirstOrDefault(judge => judge.Name == name)?.Fallback;
            if (fallback is null || !seen.Add(name))
            {
                throw new ArgumentException($"unavailable: nothing answers for judge '{name}': give it a fallback that is available");
            }

            name = fallback;
        }

        return name;
    }

    /// <summary>The fan-out's caps for these GPUs.</summary>
    /// <exception cref="CapacityException">No caps hold.</exception>
    public FanoutCapacity Fanout() => FanoutCapacity.For(new FanoutDemand
    {
        Slots = DeployedJudges.Select(judge => judge.Model.Slots).Concat(ExternalJudges.Select(judge => judge.Concurrency)).Max(),
        Headroom = Headroom,
        ChunkJudgements = ChunkJudgements,
        AlwaysReady = AlwaysReady,
        SmallestCap = SmallestInstanceCap,
        JudgementSeconds = JudgementSeconds,
        BackendItemsPerSecond = DurableBackend == SettingNames.DurableTaskScheduler ? 500 : 250,
        MetaSlots = Meta?.Slots ?? 0,
    });

    /// <summary>Reads a stack's configuration.</summary>
    /// <param name="get">The value of a key, or null.</param>
    /// <exception cref="ArgumentException">A value is missing, malformed, out of its range, or can't be held.</exception>
    public static DeploymentSettings Read(Func<string, string?> get) => SettingsReader.Read(get);

    /// <summary>Refuses what no single value shows to be wrong.</summary>
    /// <exception cref="ArgumentException">Values contradict each other.</exception>
    /// <exception cref="CapacityException">The fan-out can't hold.</exception>
    public void Require() => SettingsRules.Require(this);
}
