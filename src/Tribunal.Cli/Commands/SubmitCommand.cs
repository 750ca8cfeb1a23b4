using System.CommandLine;
using System.Security.Cryptography;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Tribunal.Azure.Names;
using Tribunal.Azure.Queues;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.Judgements;
using Tribunal.Protocols.Catalog;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal submit BATCH</c>: uploads a batch and asks for its evaluation. Submitting again is the same run, resumed.</summary>
internal static class SubmitCommand
{
    public static Command Create()
    {
        Argument<FileInfo> batch = new("batch") { Description = "The batch." };
        Option<string?> storage = RemoteRuns.StorageOption();
        Option<string?> judge = new("--judge") { Description = "Name of a judge that the host has configured." };
        Option<string?> protocol = new("--protocol") { Description = "grm, rm-r1, rrm or auto." };
        protocol.AcceptOnlyFromAmong([.. ProtocolCatalog.Names]);
        Option<string?> meta = new("--meta") { Description = "Name of the meta reward model, or none." };
        Option<string?> run = new("--run") { Description = "The run's name; derived from batch and request by default." };
        Option<bool> watch = new("--watch") { Description = "Follows the run to its end and fetches its results." };
        Option<DirectoryInfo?> output = new("--output", "-o") { Description = "Where --watch puts the results; a folder of the run's name by default." };
        Option<long?> maxTokens = new("--max-tokens") { Description = "Stop, resumably, when the run has used so many tokens." };
        Option<double?> maxCost = new("--max-cost") { Description = "Stop, resumably, when the run has cost so much (the host needs prices)." };
        Option<bool> retryFailed = new("--retry-failed") { Description = "When the run has ended, draw once more what failed, and vote again." };
        Command command = new("submit", "Uploads a batch and asks for its evaluation.") { batch, storage, judge, protocol, meta, run, watch, output, maxTokens, maxCost, retryFailed };
        VoteChoice vote = new();
        vote.AddTo(command, addresses: false);
        FieldChoice fields = new();
        fields.AddTo(command);
        HintChoice hint = new();
        command.Add(hint.Option);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            FileInfo file = parsed.GetRequiredValue(batch);
            if (!file.Exists)
            {
                throw new CommandException(ExitCodes.Usage, $"there is no batch at {file.FullName}");
            }

            RemoteRuns remote = await RemoteRuns.OpenAsync(parsed.GetValue(storage), cancellationToken);
            EvaluationRequest request = vote.ToRequest(parsed, await UploadAsync(remote, file, cancellationToken), parsed.GetValue(protocol) ?? "auto", parsed.GetValue(meta)) with
            {
                Output = parsed.GetValue(run),
                Fields = fields.Of(parsed),
                Judge = parsed.GetValue(judge),
                Hint = hint.ModeOf(parsed),
                Limits = new SpendLimits { Tokens = parsed.GetValue(maxTokens), Cost = parsed.GetValue(maxCost) },
                RetryFailed = parsed.GetValue(retryFailed),
            };
            if (EvaluationMessage.Problems(request) is { Count: > 0 } problems)
            {
                throw new CommandException(problems);
            }

            string runId = request.Output ?? RunIds.For(request);
            await AskAsync(remote, runId, request with { Output = runId }, cancellationToken);
            Console.WriteLine(runId);
            return parsed.GetValue(watch)
                ? await WatchCommand.FollowAsync(remote, runId, parsed.GetValue(output)?.FullName ?? runId, cancellationToken)
                : ExitCodes.Ok;
        });
        return command;
    }

    /// <summary>Asks for a run, or for it again.</summary>
    /// <exception cref="MessageRefusedException">The name is that of a run of another request.</exception>
    internal static async Task AskAsync(RemoteRuns remote, string runId, EvaluationRequest request, CancellationToken cancellationToken)
    {
        RunRecord record = await remote.Catalog.AskAsync(runId, request, TimeProvider.System, cancellationToken, anew: true);
        if (record.State != RunState.Done)
        {
            await remote.Clients.Queues.GetQueueClient(ResourceNames.EvaluationsQueue).SendMessageAsync(EvaluationMessage.Write(request), cancellationToken);
        }

        await Console.Error.WriteLineAsync(record.State == RunState.Done ? "this run is done already" : $"submitted; follow it with: tribunal watch {runId}");
    }

    /// <summary>Uploads a batch and gives its path. Named by content: the same batch is uploaded once, and a changed one is another.</summary>
    /// <exception cref="CommandException">Its name can't be used, or storage is away or refuses.</exception>
    internal static async Task<string> UploadAsync(RemoteRuns remote, FileInfo file, CancellationToken cancellationToken)
    {
        await using FileStream content = file.OpenRead();
        string hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken))[..16];
        content.Position = 0;

        string path = $"{ResourceNames.SubmittedPrefix}{hash}/{BatchPath.Cleaned(file.Name)}";
        if (BatchPath.Fault(path) is { } fault)
        {
            throw new CommandException(ExitCodes.Usage, $"the batch's name can't be used: {fault}");
        }

        BlobClient blob = remote.Clients.Rollouts.GetBlobClient(path);
        await RemoteRuns.ReachAsync(remote.Clients, async () =>
        {
            if (await blob.ExistsAsync(cancellationToken))
            {
                await Console.Error.WriteLineAsync($"{path} is there already");
                return;
            }

            UploadProgress progress = new(file.Length);
            await blob.UploadAsync(content, new BlobUploadOptions { ProgressHandler = progress }, cancellationToken);
            await Console.Error.WriteLineAsync($"uploaded {path}, {file.Length} bytes");
        });
        return path;
    }

    /// <summary>A line per tenth of a large upload.</summary>
    private sealed class UploadProgress(long length) : IProgress<long>
    {
        private const long Large = 8 * 1024 * 1024;
        private long _shown;

        public void Report(long value)
        {
            long tenth = length < Large ? 0 : value * 10 / length;
            if (tenth > Interlocked.Read(ref _shown))
            {
                Interlocked.Exchange(ref _shown, tenth);
                Console.Error.WriteLine($"uploading: {tenth * 10} %");
            }
        }
    }
}
