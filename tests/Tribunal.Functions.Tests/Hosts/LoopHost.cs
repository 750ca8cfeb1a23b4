using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Testing.Runs;

namespace Tribunal.Functions.Tests.Hosts;

/// <summary>The loop of one process over a folder, as <c>tribunal score</c> runs it: each ask is a process of its own.</summary>
internal sealed class LoopHost(HostParts parts) : IHostUnderTest
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tribunal-loop-");
    private readonly ConcurrentDictionary<string, RunRecord> _records = new(StringComparer.Ordinal);
    private readonly List<Task> _working = [];

    public int Instances => 1;

    public async Task<string> PutBatchAsync(string name, byte[] content)
    {
        string path = Path.Combine(_folder.FullName, name);
        await File.WriteAllBytesAsync(path, content);
        return path;
    }

    public Task<string?> AskAsync(EvaluationRequest request)
    {
        string runId = request.Output!;
        Directory.CreateDirectory(Path.Combine(_folder.FullName, runId));
        File.Delete(Path.Combine(_folder.FullName, runId, "cancel"));
        _records[runId] = new RunRecord { RunId = runId, State = RunState.Running, Request = request };
        _working.Add(Task.Run(() => WorkAsync(runId, request)));
        return Task.FromResult<string?>(null);
    }

    public Task CancelAsync(string runId) => File.WriteAllTextAsync(Path.Combine(_folder.FullName, runId, "cancel"), "");

    public Task<RunRecord?> RecordAsync(string runId) => Task.FromResult(_records.GetValueOrDefault(runId));

    public IRunStore Open(string runId) => new LocalRunStores(_folder.FullName).OpenRun(runId);

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_working);
        _folder.Delete(recursive: true);
    }

    private async Task WorkAsync(string runId, EvaluationRequest request)
    {
        RunSteps steps = new(
            new LocalRunStores(_folder.FullName), KnownJudges.Of(parts.Judge, parts.Second), new RunMonitors(), HostCases.Sizes, TimeProvider.System, NullLogger<RunSteps>.Instance);
        InProcessHost host = new(steps, TimeProvider.System, progress => Change(runId, run => run with { Progress = progress }));
        try
        {
            RunOutcome outcome = await host.RunAsync(new BatchRun(runId, request, PatienceMinutes: parts.PatienceMinutes), CancellationToken.None);
            Change(runId, run => run with { State = RunEnd.Of(outcome.Halt).State, Reason = outcome.Halt?.Detail });
        }
        catch (Exception exception)
        {
            Change(runId, run => run with { State = RunState.Failed, Reason = exception.Message });
        }
    }

    private void Change(string runId, Func<RunRecord, RunRecord> change) => _records.AddOrUpdate(runId, _ => throw new InvalidOperationException(runId), (_, run) => change(run));
}
