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
    private IOrchestrationService _inner = null!;

    /// <summary>Histories by instance.</summary>
    public ConcurrentDictionary<string, HistorySize> Histories { get; } = new(StringComparer.Ordinal);

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

        return targetMethod.Invoke(_inner, args);
    }
}
