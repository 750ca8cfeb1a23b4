using Pulumi;
using Pulumi.AzureNative.Authorization;
using Pulumi.AzureNative.EventGrid;
using Pulumi.AzureNative.EventGrid.Inputs;
using Tribunal.Azure.Names;
using Tribunal.Infra.Identity;

namespace Tribunal.Infra.Storage;

/// <summary>A system topic that a storage account has already: Azure allows one per source, and some policies make it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Group">Its resource group.</param>
/// <param name="Principal">Object id of its system-assigned identity.</param>
public sealed record ExistingTopic(string Name, string Group, string Principal);

/// <summary>
/// Blob-created events of the rollouts container, delivered to the uploads queue: an upload alone starts an evaluation.
/// Idle: nothing. Busy: by the event, one per upload.
/// </summary>
public sealed class UploadEvents : ComponentResource
{
    /// <summary>The calls that complete an upload; a blob that is being written in blocks raises others, too early.</summary>
    public static IReadOnlyList<string> CompletingCalls { get; } = ["PutBlob", "PutBlockList", "CopyBlob", "FlushWithClose"];

    private const string Subject = $"/blobServices/default/containers/{ResourceNames.RolloutsContainer}/blobs/";

    /// <summary>Creates topic, subscription and the roles between them.</summary>
    public UploadEvents(string name, ExistingTopic? existing, RunStorage storage, Place place, ComponentResourceOptions? options = null)
        : base("tribunal:storage:UploadEvents", name, options)
    {
        (Input<string> group, Input<string> topicName, Output<string> principal) = existing is { } there
            ? (there.Group, there.Name, Output.Create(there.Principal))
            : NewTopic(name, storage, place);

        RoleAssignment[] roles =
        [
            Grants.Create(name, principal, PrincipalType.ServicePrincipal, BuiltInRole.QueueDataMessageSender,
                storage.Queue(ResourceNames.UploadsQueue), "uploads", "delivers events", place, this),
            Grants.Create(name, principal, PrincipalType.ServicePrincipal, BuiltInRole.BlobDataContributor,
                storage.Container(ResourceNames.DeadLettersContainer), "deadletters", "keeps events that can't be delivered", place, this),
        ];

        new SystemTopicEventSubscription($"{name}-rollouts", new SystemTopicEventSubscriptionArgs
        {
            ResourceGroupName = group,
            SystemTopicName = topicName,
            EventSubscriptionName = "rollouts-to-uploads",
            EventDeliverySchema = EventDeliverySchema.CloudEventSchemaV1_0,
            Filter = new EventSubscriptionFilterArgs
            {
                IncludedEventTypes = ["Microsoft.Storage.BlobCreated"],
                SubjectBeginsWith = Subject,
                IsSubjectCaseSensitive = true,
                AdvancedFilters = new object[]
                {
                    new StringInAdvancedFilterArgs { OperatorType = "StringIn", Key = "data.api", Values = [.. CompletingCalls] },
                    // The tool sends a message of its own for what it uploads.
                    new StringNotBeginsWithAdvancedFilterArgs { OperatorType = "StringNotBeginsWith", Key = "subject", Values = [Subject + ResourceNames.SubmittedPrefix] },
                },
            },
            DeliveryWithResourceIdentity = new DeliveryWithResourceIdentityArgs
            {
                Identity = new EventSubscriptionIdentityArgs { Type = EventSubscriptionIdentityType.SystemAssigned },
                Destination = new StorageQueueEventSubscriptionDestinationArgs
                {
                    EndpointType = "StorageQueue",
                    ResourceId = storage.Id,
                    QueueName = ResourceNames.UploadsQueue,
                    // Seven days: as long as a message that the tool sends.
                    QueueMessageTimeToLiveInSeconds = 604_800,
                },
            },
            DeadLetterWithResourceIdentity = new DeadLetterWithResourceIdentityArgs
            {
                Identity = new EventSubscriptionIdentityArgs { Type = EventSubscriptionIdentityType.SystemAssigned },
                DeadLetterDestination = new StorageBlobDeadLetterDestinationArgs
                {
                    EndpointType = "StorageBlob",
                    ResourceId = storage.Id,
                    BlobContainerName = ResourceNames.DeadLettersContainer,
                },
            },
            RetryPolicy = new RetryPolicyArgs { MaxDeliveryAttempts = 30, EventTimeToLiveInMinutes = 1440 },
        }, new CustomResourceOptions { Parent = this, DependsOn = { roles[0], roles[1] } });
        TopicId = Output.Tuple(group, topicName).Apply(parts =>
            $"/subscriptions/{place.Subscription}/resourceGroups/{parts.Item1}/providers/Microsoft.EventGrid/systemTopics/{parts.Item2}");
        RegisterOutputs();
    }

    /// <summary>Resource id of the topic.</summary>
    public Output<string> TopicId { get; }

    private (Input<string> Group, Input<string> Name, Output<string> Principal) NewTopic(string name, RunStorage storage, Place place)
    {
        SystemTopic topic = new(name, new SystemTopicArgs
        {
            ResourceGroupName = place.ResourceGroup,
            SystemTopicName = place.Names.Of("evgt"),
            Location = place.Location,
            Tags = place.Tags,
            Source = storage.Id,
            TopicType = "Microsoft.Storage.StorageAccounts",
            // Behind a storage firewall Event Grid delivers with a system-assigned identity only, a user-assigned one is refused.
            Identity = new IdentityInfoArgs { Type = IdentityType.SystemAssigned },
        }, new CustomResourceOptions { Parent = this });
        return (place.ResourceGroup, topic.Name, topic.Identity.Apply(identity => identity?.PrincipalId ?? ""));
    }
}
