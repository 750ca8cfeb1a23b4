namespace Tribunal.Infra.Storage;

/// <summary>Size and throughput of an NFS share for model weights.</summary>
/// <param name="GiB">Provisioned size.</param>
/// <param name="ProvisionedMiBps">
/// Throughput that is bought apart from the size (premium v2), 100 to 10,340 MiB/s; null: premium v1, whose throughput
/// comes with the size.
/// </param>
public sealed record WeightsShare(int GiB, int? ProvisionedMiBps)
{
    /// <summary>What all replicas that read from it share, in MiB/s: v1 gives about 100 and 0.06 more per GiB.</summary>
    public double MiBps => ProvisionedMiBps ?? (100 + (0.06 * GiB));
}
