using System.Collections.Concurrent;
using System.Reflection;
using DurableTask.Core;
using DurableTask.Core.History;
using Google.Protobuf;
using Microsoft.DurableTask.Testing.Sidecar.Grpc;

namespace Tribunal.Testing.Durable;

/// <summary>What an orchestration's history came to.</summary>
/// <param name="Turns">How often it was taken up: each time it is replayed from the start.</param>
/// <param name="Events">Events of its history after the last turn.</param>
/// <param name="Bytes">Their size on the wire.</param>
public sealed record HistorySize(int Turns, int Events, long Bytes);

/// <summary>Stands before the in-memory backend and measures each instance's history as it is saved.</summary>
public class HistoryMeter : DispatchProxy
{
    // The backend's own numbers are those of the processors, and where all are taken it looks again only after half a second.
    private const int MostAtOnce = 64;
    private readonly ConcurrentDictionary<string, bool> _held = new(StringComparer.Ordinal);
    private IOrchestrationService _inner = null!;

    /// <summary>Histories by instance.</summary>
    public ConcurrentDictionary<string, HistorySize> Histories { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether an instance's turn is not let go of yet: it can't be started again before.</summary>
    public bool IsHeld(string instanceId) => _held.ContainsKey(instanceId);

    /// <summary>Puts a meter before a backend.</summary>
    public static (IOrchestrationService Service, HistoryMeter Meter) Before(IOrchestrationService inner)
    {
        IOrchestrationService service = Create<IOrchestrationService, HistoryMeter>();
        var meter = (HistoryMeter)(object)service;
        meter._inner = inner;
        return (service, meter);
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.Name == nameof(IOrchestrationService.CompleteTaskOrchestrationWorkItemAsync) && args![1] is OrchestrationRuntimeState state)
        {
            long bytes = state.Events.Sum(static item => (long)ProtobufUtils.ToHistoryEventProto(item).CalculateSize());
            Histories.AddOrUpdate(
                ((TaskOrchestrationWorkItem)args[0]!).InstanceId,
                _ => new HistorySize(1, state.Events.Count, bytes),
                (_, before) => new HistorySize(before.Turns + 1, state.Events.Count, bytes));
        }

        if (targetMethod.Name is "get_" + nameof(IOrchestrationService.MaxConcurrentTaskOrchestrationWorkItems) or "get_" + nameof(IOrchestrationService.MaxConcurrentTaskActivityWorkItems))
        {
            return MostAtOnce;
        }

        // The backend loses an instance that is started again while its last turn is held, and turns in circles.
        switch (targetMethod.Name)
        {
            case nameof(IOrchestrationService.CompleteTaskOrchestrationWorkItemAsync):
                _held[((TaskOrchestrationWorkItem)args![0]!).InstanceId] = true;
                break;
            case nameof(IOrchestrationService.ReleaseTaskOrchestrationWorkItemAsync):
                object? released = targetMethod.Invoke(_inner, args);
                _held.TryRemove(((TaskOrchestrationWorkItem)args![0]!).InstanceId, out _);
                return released;
        }

        return targetMethod.Invoke(_inner, args);
    }
}
