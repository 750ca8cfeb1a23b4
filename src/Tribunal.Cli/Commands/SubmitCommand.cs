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
        Option<string?> through = FunctionApp.ThroughOption();
        Option<string?> judge = new("--judge") { Description = "Name of a judge that the host has configured." };
        Option<string?> protocol = new("--protocol") { Description = "grm, rm-r1, rrm or auto." };
        protocol.AcceptOnlyFromAmong([.. ProtocolCatalog.Names]);
        Option<string?> meta = new("--meta") { Description = "Name of the meta reward model, or none." };
        Option<string?> run = new("--run") { Description = "The run's name; derived from batch and request by default." };
        Option<bool> watch = new("--watch") { Description = "Follows the run to its end and fetches its results." };
        Option<DirectoryInfo?> output = new("--output", "-o") { Description = "Where --watch puts the results; a folder of the run's name by default." };
        Command command = new("submit", "Uploads a batch and asks for its evaluation.") { batch, storage, through, judge, protocol, meta, run, watch, output };
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

            using FunctionApp? app = parsed.GetValue(through) is { } address ? FunctionApp.Open(address) : null;
            IRemoteRuns remote = app is null ? await RemoteRuns.OpenAsync(parsed.GetValue(storage), cancellationToken) : app;
            EvaluationRequest request = vote.ToRequest(parsed, await remote.UploadAsync(file, cancellationToken), parsed.GetValue(protocol) ?? "auto", parsed.GetValue(meta)) with
            {
                Output = parsed.GetValue(run),
                Fields = fields.Of(parsed),
                Judge = parsed.GetValue(judge),
                Hint = hint.ModeOf(parsed),
            };
            if (EvaluationMessage.Problems(request) is { Count: > 0 } problems)
            {
                throw new CommandException(problems);
            }

            string runId = request.Output ?? RunIds.For(request);
            bool isDone = await remote.AskAsync(request with { Output = runId }, cancellationToken);
            await Console.Error.WriteLineAsync(isDone ? "this run is done already" : $"submitted; follow it with: tribunal watch {runId}{(app is null ? "" : $" --through {parsed.GetValue(through)}")}");
            Console.WriteLine(runId);
            return parsed.GetValue(watch)
                ? await WatchCommand.FollowAsync(remote, runId, parsed.GetValue(output)?.FullName ?? runId, cancellationToken)
                : ExitCodes.Ok;
        });
        return command;
    }
}
