using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Functions.Tests.Hosts;

/// <summary>Something that runs batches, as those who ask for runs see it.</summary>
internal interface IHostUnderTest : IAsyncDisposable
{
    /// <summary>Processes that draw for a run at the same time.</summary>
    int Instances { get; }

    /// <summary>Puts a batch where the host reads it.</summary>
    /// <returns>Its path in requests.</returns>
    Task<string> PutBatchAsync(string name, byte[] content);

    /// <summary>Asks for a run, or for more of it, as somebody who asks now.</summary>
    /// <returns>Why it was refused; null where it was not.</returns>
    Task<string?> AskAsync(EvaluationRequest request);

    /// <summary>Asks for a run's end.</summary>
    Task CancelAsync(string runId);

    /// <summary>A run's record as it is now; null where nobody asked for it.</summary>
    Task<RunRecord?> RecordAsync(string runId);

    /// <summary>A run's files.</summary>
    IRunStore Open(string runId);
}

/// <summary>What the hosts under test are made of.</summary>
/// <param name="Judge">Whom requests ask, by its name.</param>
/// <param name="Second">Another, by its name.</param>
/// <param name="PatienceMinutes">How long a judge is waited for.</param>
internal sealed record HostParts(Tribunal.Runs.Judges.Judge Judge, Tribunal.Runs.Judges.Judge Second, double PatienceMinutes);
