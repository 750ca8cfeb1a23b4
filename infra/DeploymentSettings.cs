using System.Globalization;
using Pulumi;
using Tribunal.Azure.Names;
using Tribunal.Infra.Compute;
using Tribunal.Infra.Functions;
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
/// names its key; a key that is absent takes the default.
/// </summary>
public sealed record DeploymentSettings
{
    /// <summary>The key of the Hugging Face token, which is read as a secret.</summary>
    public const string HuggingFaceTokenKey = "huggingFaceToken";

    /// <summary><c>location</c>: an Azure region that has the GPU profile, Flex Consumption and quota for both. Required.</summary>
    public required string Location { get; init; }

    /// <summary>
    /// <c>private</c>: private endpoints and their DNS for storage, vault, registry, telemetry and the function app, public
    /// access off; default false. About 8 private endpoints, paid by the hour. The judge is private either way.
    /// </summary>
    public bool Private { get; init; }

    /// <summary><c>addressSpace</c>: first two octets of the virtual network, <c>10.42</c> by default: a /20 of it is used.</summary>
    public string AddressSpace { get; init; } = "10.42";

    /// <summary><c>gpu</c>: the judge's profile (<see cref="GpuProfile.All"/>); default <c>serverless-t4</c>. Busy: its GPU by the second.</summary>
    public GpuProfile Gpu { get; init; } = GpuProfile.Find("serverless-t4");

    /// <summary><c>judgeModel</c>, <c>judgeRevision</c>, <c>judgeMaxLength</c>, <c>judgeMaxSequences</c>, <c>judgeMaxReplicas</c>, …</summary>
    public required ServedModel Judge { get; init; }

    /// <summary><c>judgeProtocol</c>: <c>grm</c>, <c>rm-r1</c>, <c>rrm</c> or <c>auto</c> (default): by the model's name.</summary>
    public string Protocol { get; init; } = "auto";

    /// <summary><c>samples</c>: judgements per rollout where a request doesn't say, 1 to 1,024; default 8.</summary>
    public int Samples { get; init; } = 8;

    /// <summary><c>validRateFloor</c>: below this share of valid judgements a run stops and the alert fires, in [0, 1]; default <see cref="ActivityOptions.DefaultValidRateFloor"/>.</summary>
    public double ValidRateFloor { get; init; } = ActivityOptions.DefaultValidRateFloor;

    /// <summary><c>metaModel</c> and the judge's other keys with <c>meta</c>: a meta reward model; absent (default): none.</summary>
    public ServedModel? Meta { get; init; }

    /// <summary><c>metaGpu</c>: its profile; default the judge's.</summary>
    public GpuProfile MetaGpu { get; init; } = GpuProfile.Find("serverless-t4");

    /// <summary><c>image</c>: the vLLM image, pinned; with <see cref="WeightsSource.Baked"/> its repository and tag inside the stack's registry.</summary>
    public string Image { get; init; } = "docker.io/vllm/vllm-openai:v0.11.0";

    /// <summary><c>weights</c>: <c>nfs</c> (default) or <c>baked</c>.</summary>
    public WeightsSource Weights { get; init; }

    /// <summary><c>weightsShareGiB</c>: size of the NFS share, 100 to 102,400 GiB; default 100, the smallest. Provisioned, so paid whole.</summary>
    public int WeightsShareGiB { get; init; } = 100;

    /// <summary><c>huggingFaceToken</c> (<c>--secret</c>): for models that ask for one; absent (default): no vault is made.</summary>
    public Output<string>? HuggingFaceToken { get; init; }

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
    public int SmallestInstanceCap { get; init; } = 1;

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

    /// <summary><c>monthlyBudget</c>: in the subscription's currency, above 0; mails at 50, 80 and 100 %, and when 100 % is forecast. It warns, it stops nothing. Required.</summary>
    public required double MonthlyBudget { get; init; }

    /// <summary><c>budgetStart</c>: first day of the month in which the stack is first deployed, <c>yyyy-MM-01</c>. Required.</summary>
    public required string BudgetStart { get; init; }

    /// <summary><c>submitters</c>: object ids of Entra groups that may submit batches and read runs, separated by commas; default none.</summary>
    public IReadOnlyList<string> Submitters { get; init; } = [];

    /// <summary>The fan-out's caps for these GPUs.</summary>
    /// <exception cref="CapacityException">No caps hold.</exception>
    public FanoutCapacity Fanout() => FanoutCapacity.For(new FanoutDemand
    {
        JudgeReplicas = Judge.MaxReplicas,
        SequencesPerReplica = Judge.MaxSequences,
        Headroom = Headroom,
        ChunkJudgements = ChunkJudgements,
        SmallestCap = SmallestInstanceCap,
        JudgementSeconds = JudgementSeconds,
        BackendItemsPerSecond = DurableBackend == SettingNames.DurableTaskScheduler ? 500 : 250,
        MetaSlots = Meta?.Slots ?? 0,
    });

    /// <summary>Reads a stack's configuration.</summary>
    /// <param name="get">The value of a key, or null.</param>
    /// <exception cref="ArgumentException">A value is missing, malformed, out of its range, or can't be held.</exception>
    public static DeploymentSettings Read(Func<string, string?> get)
    {
        ConfigurationReader read = new(get);
        GpuProfile gpu = GpuProfile.Find(read.Text("gpu", "serverless-t4"));
        DeploymentSettings settings = new()
        {
            Location = read.Required("location"),
            Private = read.Flag("private"),
            AddressSpace = read.Text("addressSpace", "10.42"),
            Gpu = gpu,
            Judge = ReadModel(read, "judge"),
            Protocol = read.OneOf("judgeProtocol", "auto", "grm", "rm-r1", "rrm"),
            Samples = read.Integer("samples", 8, 1, 1024),
            ValidRateFloor = read.Number("validRateFloor", ActivityOptions.DefaultValidRateFloor, 0, 1),
            Meta = get("metaModel") is null ? null : ReadModel(read, "meta"),
            MetaGpu = GpuProfile.Find(read.Text("metaGpu", gpu.Name)),
            Image = read.Text("image", "docker.io/vllm/vllm-openai:v0.11.0"),
            Weights = read.OneOf("weights", "nfs", "baked") == "baked" ? WeightsSource.Baked : WeightsSource.Nfs,
            WeightsShareGiB = read.Integer("weightsShareGiB", 100, 100, 102_400),
            DurableBackend = read.OneOf("durableBackend", SettingNames.DurableAzureStorage, SettingNames.DurableTaskScheduler),
            SchedulerLink = read.Optional("schedulerLinkGroup") is { } link ? new SchedulerLink(link, read.Required("schedulerLinkZone")) : null,
            AlwaysReady = read.Integer("alwaysReady", 0, 0, 100),
            InstanceMemoryMB = int.Parse(read.OneOf("instanceMemoryMB", "2048", "512", "4096"), CultureInfo.InvariantCulture),
            Headroom = read.Number("headroom", 2, 1, 4),
            ChunkJudgements = read.Integer("chunkJudgements", 16, 1, 256),
            SmallestInstanceCap = read.Integer("smallestInstanceCap", 1, 1, 1000),
            JudgementSeconds = read.Number("judgementSeconds", 5, 0.1, 3600),
            LedgerCoolDays = read.Integer("ledgerCoolDays", 30, 1, 3650),
            LedgerDeleteDays = read.Integer("ledgerDeleteDays", 365, 2, 3650),
            RolloutDeleteDays = read.Integer("rolloutDeleteDays", 90, 1, 3650),
            SoftDeleteDays = read.Integer("softDeleteDays", 7, 1, 365),
            LogRetentionDays = read.Integer("logRetentionDays", 30, 30, 730),
            LogDailyCapGB = read.Number("logDailyCapGB", 1, 0.1, 1000),
            AlertEmails = read.List("alertEmails"),
            MonthlyBudget = read.Number("monthlyBudget", 0, 0, 10_000_000),
            BudgetStart = read.Required("budgetStart"),
            Submitters = read.List("submitters"),
        };
        settings.Require();
        return settings;
    }

    /// <summary>Refuses what no single value shows to be wrong.</summary>
    /// <exception cref="ArgumentException">Values contradict each other.</exception>
    /// <exception cref="CapacityException">The fan-out can't hold.</exception>
    public void Require()
    {
        Judge.Require(Gpu);
        Meta?.Require(MetaGpu);
        Refuse(AlertEmails.Count == 0, "alertEmails: at least one address");
        Refuse(MonthlyBudget <= 0, "monthlyBudget: more than 0");
        Refuse(
            !DateOnly.TryParseExact(BudgetStart, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly start) || start.Day != 1,
            $"budgetStart: '{BudgetStart}' is not the first day of a month (yyyy-MM-01)");
        Refuse(LedgerDeleteDays <= LedgerCoolDays, $"ledgerDeleteDays ({LedgerDeleteDays}) must be more than ledgerCoolDays ({LedgerCoolDays})");
        double stored = Judge.WeightsGiB + (Meta?.WeightsGiB ?? 0);
        Refuse(Weights == WeightsSource.Nfs && WeightsShareGiB <= stored, $"weightsShareGiB: {WeightsShareGiB} GiB can't hold {stored} GiB of weights");
        Refuse(
            Private && DurableBackend == SettingNames.DurableTaskScheduler && SchedulerLink is null,
            "schedulerLinkGroup, schedulerLinkZone: a private stack reaches its scheduler through a private endpoint");
        Refuse(AlwaysReady > Fanout().InstanceCap, $"alwaysReady: {AlwaysReady} instances, the cap is {Fanout().InstanceCap}");

        static void Refuse(bool wrong, string message)
        {
            if (wrong)
            {
                throw new ArgumentException(message);
            }
        }
    }

    private static ServedModel ReadModel(ConfigurationReader read, string prefix) => new()
    {
        Model = read.Required($"{prefix}Model"),
        Revision = read.Text($"{prefix}Revision", "main"),
        MaxModelLength = read.Integer($"{prefix}MaxLength", 8192, 512, 131_072),
        TensorParallel = read.Integer($"{prefix}TensorParallel", 1, 1, 8),
        Quantization = read.Optional($"{prefix}Quantization"),
        DataType = read.Text($"{prefix}DataType", "auto"),
        MaxSequences = read.Integer($"{prefix}MaxSequences", 16, 1, 1024),
        WeightsGiB = read.Number($"{prefix}WeightsGiB", 0, 0, 2000),
        ExtraArguments = read.List($"{prefix}Arguments"),
        MinReplicas = read.Integer($"{prefix}MinReplicas", 0, 0, 100),
        MaxReplicas = read.Integer($"{prefix}MaxReplicas", 1, 1, 100),
        CooldownSeconds = read.Integer($"{prefix}CooldownSeconds", 600, 60, 3600),
        StartMinutes = read.Integer($"{prefix}StartMinutes", 20, 2, 40),
    };

    private sealed class ConfigurationReader(Func<string, string?> get)
    {
        public string? Optional(string key) => get(key) is { } text && text.Trim() is { Length: > 0 } trimmed ? trimmed : null;

        public string Required(string key) => Optional(key) ?? throw new ArgumentException($"{key}: set it with 'pulumi config set {key} …'");

        public string Text(string key, string absent) => Optional(key) ?? absent;

        public string[] List(string key) =>
            Optional(key)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

        public bool Flag(string key) => OneOf(key, "false", "true") == "true";

        public string OneOf(string key, string absent, params string[] others)
        {
            string text = Text(key, absent);
            return text == absent || others.Contains(text)
                ? text
                : throw new ArgumentException($"{key}: '{text}' is not one of {absent}, {string.Join(", ", others)}");
        }

        public int Integer(string key, int absent, int least, int most) => (int)Number(key, absent, least, most, NumberStyles.Integer);

        public double Number(string key, double absent, double least, double most, NumberStyles styles = NumberStyles.Float)
        {
            if (Optional(key) is not { } text)
            {
                return absent;
            }

            return double.TryParse(text, styles, CultureInfo.InvariantCulture, out double value) && value >= least && value <= most
                ? value
                : throw new ArgumentException($"{key}: '{text}' is not a {(styles == NumberStyles.Integer ? "whole number" : "number")} from {least} to {most}");
        }
    }
}
