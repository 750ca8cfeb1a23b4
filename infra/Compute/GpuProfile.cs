namespace Tribunal.Infra.Compute;

/// <summary>
/// A Container Apps workload profile with GPUs. Serverless profiles have one GPU per replica, start from zero and cost
/// nothing while no replica runs; dedicated ones are paid per node as long as the node is there.
/// </summary>
/// <param name="Name">What the configuration says.</param>
/// <param name="WorkloadProfileType">What Azure says.</param>
/// <param name="Serverless">Whether it scales to zero.</param>
/// <param name="Gpus">GPUs that a replica may use.</param>
/// <param name="GpuMemoryGiB">Memory of one GPU.</param>
/// <param name="Cpu">vCPUs for the container: all that a serverless profile has; a dedicated node keeps some for itself.</param>
/// <param name="MemoryGiB">Main memory for the container, by the same rule.</param>
/// <param name="Quota">The subscription's quota that it takes GPUs from, by the name that <c>az containerapp list-usages</c> gives it.</param>
public sealed record GpuProfile(string Name, string WorkloadProfileType, bool Serverless, int Gpus, int GpuMemoryGiB, double Cpu, int MemoryGiB, string Quota)
{
    private const string T4Quota = "SubscriptionConsumptionT4Gpus";
    private const string A100Quota = "SubscriptionConsumptionNCA100Gpus";
    private const string DedicatedQuota = "SubscriptionNCA100Gpus";

    /// <summary>Share of a GPU that vLLM takes for weights and cache (its own default).</summary>
    public const double UsableShare = 0.9;

    /// <summary>Every profile that the program knows.</summary>
    public static IReadOnlyList<GpuProfile> All { get; } =
    [
        new("serverless-t4", "Consumption-GPU-NC8as-T4", Serverless: true, 1, 16, 8, 56, T4Quota),
        new("serverless-a100", "Consumption-GPU-NC24-A100", Serverless: true, 1, 80, 24, 220, A100Quota),
        new("dedicated-a100", "NC24-A100", Serverless: false, 1, 80, 22, 200, DedicatedQuota),
        new("dedicated-2xa100", "NC48-A100", Serverless: false, 2, 80, 44, 400, DedicatedQuota),
        new("dedicated-4xa100", "NC96-A100", Serverless: false, 4, 80, 88, 800, DedicatedQuota),
    ];

    /// <summary>The profile's name in an environment: at most 15 characters.</summary>
    public string EnvironmentName => Name.Replace("dedicated-", "ded-", StringComparison.Ordinal);

    /// <summary>Whether its GPU computes in bfloat16: not before Ampere.</summary>
    public bool Bfloat16 => this != All[0];

    /// <summary>
    /// What vLLM needs to be told on it. On a T4 the sampler of FlashInfer, which the dry run before listening calls, has no
    /// kernel, and the engine dies there.
    /// </summary>
    public IReadOnlyDictionary<string, string> Environment => Bfloat16
        ? new Dictionary<string, string>(StringComparer.Ordinal)
        : new Dictionary<string, string>(StringComparer.Ordinal) { ["VLLM_USE_FLASHINFER_SAMPLER"] = "0" };

    /// <summary>The profile of a name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static GpuProfile Find(string name) =>
        All.FirstOrDefault(profile => profile.Name == name)
        ?? throw new ArgumentException($"GPU profile '{name}' is not one of {string.Join(", ", All.Select(p => p.Name))}");
}
