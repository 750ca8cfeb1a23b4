using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Cli.Inputs;

/// <summary>Runs elsewhere, reached through their storage account or through the function app before it.</summary>
internal interface IRemoteRuns
{
    /// <summary>Where they are, for messages.</summary>
    string Place { get; }

    /// <summary>Uploads a batch, once for its content.</summary>
    /// <returns>Its path in the rollouts container.</returns>
    Task<string> UploadAsync(FileInfo batch, CancellationToken cancellationToken);

    /// <summary>Asks for a run whose name the request's <c>Output</c> is; one that failed or was cancelled goes on.</summary>
    /// <returns>Whether it is done already.</returns>
    Task<bool> AskAsync(EvaluationRequest request, CancellationToken cancellationToken);

    /// <summary>A run's record; null: there is none.</summary>
    Task<RunRecord?> GetAsync(string runId, CancellationToken cancellationToken);

    /// <summary>Hands over the content of a run's file; nothing where there is none.</summary>
    Task ReadAsync(string runId, string file, Func<Stream, Task> take, CancellationToken cancellationToken);
}
