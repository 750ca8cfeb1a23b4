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
public sealed record GpuProfile(string Name, string WorkloadProfileType, bool Serverless, int Gpus, int GpuMemoryGiB, double Cpu, int MemoryGiB)
{
    /// <summary>Share of a GPU that vLLM takes for weights and cache (its own default).</summary>
    public const double UsableShare = 0.9;

    /// <summary>Every profile that the program knows.</summary>
    public static IReadOnlyList<GpuProfile> All { get; } =
    [
        new("serverless-t4", "Consumption-GPU-NC8as-T4", Serverless: true, 1, 16, 8, 56),
        new("serverless-a100", "Consumption-GPU-NC24-A100", Serverless: true, 1, 80, 24, 220),
        new("dedicated-a100", "NC24-A100", Serverless: false, 1, 80, 22, 200),
        new("dedicated-2xa100", "NC48-A100", Serverless: false, 2, 80, 44, 400),
        new("dedicated-4xa100", "NC96-A100", Serverless: false, 4, 80, 88, 800),
    ];

    /// <summary>The profile of a name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static GpuProfile Find(string name) =>
        All.FirstOrDefault(profile => profile.Name == name)
        ?? throw new ArgumentException($"GPU profile '{name}' is not one of {string.Join(", ", All.Select(p => p.Name))}");
}
