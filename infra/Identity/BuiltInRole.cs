namespace Tribunal.Infra.Identity;

/// <summary>A role that Azure defines.</summary>
/// <param name="Name">Its display name.</param>
/// <param name="Id">Its id, the same in every tenant.</param>
public sealed record BuiltInRole(string Name, string Id)
{
    /// <summary>Blobs with leases and access control: what the Functions host needs of its own account.</summary>
    public static BuiltInRole BlobDataOwner { get; } = new("Storage Blob Data Owner", "b7e6dc6d-f1e8-4753-8033-0f276bb0955b");

    /// <summary>Blobs: read, write, delete.</summary>
    public static BuiltInRole BlobDataContributor { get; } = new("Storage Blob Data Contributor", "ba92f5b4-2d11-453d-a403-e96b0029c9fe");

    /// <summary>Blobs: read.</summary>
    public static BuiltInRole BlobDataReader { get; } = new("Storage Blob Data Reader", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1");

    /// <summary>Queues: everything about messages, and the queues themselves.</summary>
    public static BuiltInRole QueueDataContributor { get; } = new("Storage Queue Data Contributor", "974c5e8b-45b9-4653-ba55-5f855dd0fb88");

    /// <summary>Queues: put messages.</summary>
    public static BuiltInRole QueueDataMessageSender { get; } = new("Storage Queue Data Message Sender", "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a");

    /// <summary>Tables: read, write, delete.</summary>
    public static BuiltInRole TableDataContributor { get; } = new("Storage Table Data Contributor", "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3");

    /// <summary>Secrets: read values.</summary>
    public static BuiltInRole KeyVaultSecretsUser { get; } = new("Key Vault Secrets User", "4633458b-17de-408a-b874-0445c86b69e6");

    /// <summary>Registry: pull.</summary>
    public static BuiltInRole AcrPull { get; } = new("AcrPull", "7f951dda-4ed3-4680-a7ca-43fe172d538d");

    /// <summary>Telemetry: send.</summary>
    public static BuiltInRole MonitoringMetricsPublisher { get; } = new("Monitoring Metrics Publisher", "3913510d-42f4-4e42-8a64-420c390055eb");

    /// <summary>Durable Task Scheduler: run and manage orchestrations.</summary>
    public static BuiltInRole DurableTaskDataContributor { get; } = new("Durable Task Data Contributor", "0ad04412-c4d5-4796-b79c-f76d14c8d402");
}
