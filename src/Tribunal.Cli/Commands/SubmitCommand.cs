using System.CommandLine;
using System.Text.Json.Nodes;
using Tribunal.Azure.Names;
using Tribunal.Azure.Queues;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Sampling;
using Tribunal.Simulator.Judging;

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
        Option<string?> protocol = new("--protocol") { Description = "grm, rm-r1, rrm, another name of `tribunal judges`, a protocol file, which is uploaded beside the batch, or auto.", HelpName = "NAME|FILE" };
        protocol.CompletionSources.Add([.. ProtocolCatalog.Names]);
        Option<string?> meta = new("--meta") { Description = "Name of the meta reward model, or none." };
        Option<string?> run = new("--run") { Description = "The run's name; derived from batch and request by default." };
        Option<bool> watch = new("--watch") { Description = "Follows the run to its end and fetches its results." };
        Option<DirectoryInfo?> output = new("--output", "-o") { Description = "Where --watch puts the results; a folder of the run's name by default.", HelpName = "DIR" };
        Option<bool> retryFailed = new("--retry-failed") { Description = "When the run has ended, draw once more what failed, and vote again." };
        Command command = new("submit", "Uploads a batch and asks for its evaluation.") { batch, storage, through, judge, protocol, meta, run, watch, output, retryFailed };
        LimitChoice limits = new();
        limits.AddTo(command);
        SelectionChoice selection = new();
        selection.AddTo(command);
        ForecastChoice forecast = new();
        forecast.AddTo(command);
        VoteChoice vote = new();
        vote.AddTo(command, addresses: false);
        FieldChoice fields = new();
        fields.AddTo(command);
        ViewChoice view = new();
        view.AddTo(command);
        PanelChoice panel = new();
        panel.AddTo(command);
        RubricChoice rubric = new();
        rubric.AddTo(command);
        HintChoice hint = new();
        command.Add(hint.Option);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            FileInfo file = parsed.GetRequiredValue(batch);
            BatchFiles.Require(file);

            string? protocolFile = parsed.GetValue(protocol) is { } named && !ProtocolCatalog.Names.Contains(named, StringComparer.Ordinal) ? named : null;
            string protocolName = protocolFile is null ? rubric.ProtocolOf(parsed, parsed.GetValue(protocol) ?? "auto") : ProtocolFiles.Read(protocolFile).Name;
            JudgePanel? judges = panel.Of(parsed);
            foreach (string path in judges?.Members.Select(static member => member.ProtocolFile).OfType<string>() ?? [])
            {
                _ = ProtocolFiles.Read(path);
            }

            EvaluationRequest asked = vote.ToRequest(parsed, file.FullName, protocolName, metaName: null) with { Fields = fields.Of(parsed), Selection = selection.Of(parsed), Trajectories = view.Of(parsed) };
            if (forecast.IsDryRun(parsed))
            {
                await SayForecastAsync(asked, protocolFile, hostDecides: judges is not null, cancellationToken);
                return ExitCodes.Ok;
            }

            using FunctionApp? app = parsed.GetValue(through) is { } address ? FunctionApp.Open(address) : null;
            IRemoteRuns remote = app is null ? await RemoteRuns.OpenAsync(parsed.GetValue(storage), cancellationToken) : app;
            forecast.Confirm(parsed, await SayForecastAsync(asked, protocolFile, hostDecides: judges is not null, cancellationToken));
            EvaluationRequest request = vote.ToRequest(parsed, await remote.UploadAsync(file, cancellationToken), protocolName, parsed.GetValue(meta)) with
            {
                ProtocolFile = protocolFile is null ? null : await remote.UploadAsync(new FileInfo(protocolFile), cancellationToken),
                Judges = judges is null ? null : judges with { Members = await UploadFilesAsync(remote, judges.Members, cancellationToken) },
                Output = parsed.GetValue(run),
                Fields = fields.Of(parsed),
                Trajectories = view.Of(parsed),
                Judge = parsed.GetValue(judge),
                Hint = hint.ModeOf(parsed),
                Limits = limits.Of(parsed),
                Selection = selection.Of(parsed),
                RetryFailed = parsed.GetValue(retryFailed),
            };
            request = rubric.AddTo(request, parsed);
            if (request.RubricFile is { } criteria)
            {
                request = request with { RubricFile = await remote.UploadAsync(new FileInfo(criteria), cancellationToken) };
            }

            if (EvaluationMessage.Problems(request) is { Count: > 0 } problems)
            {
                throw new CommandException(problems);
            }

            string runId = request.Output ?? RunIds.For(request);
            bool isDone = await remote.AskAsync(request with { Output = runId }, cancellationToken);
            await Console.Error.WriteLineAsync(isDone ? "this run is done already" : $"submitted; follow it with: tribunal watch {runId}{(app is null ? "" : $" --through {parsed.GetValue(through)}")}");
            Console.WriteLine(runId);
            if (!parsed.GetValue(watch))
            {
                Results.Print(new JsonObject { ["run"] = runId, ["done"] = isDone });
            }

            return parsed.GetValue(watch)
                ? await WatchCommand.FollowAsync(remote, runId, parsed.GetValue(output)?.FullName ?? runId, cancellationToken)
                : ExitCodes.Ok;
        });
        return command;
    }

    // Which judge the host has is not known here; where the protocol says whether it compares pairs, that is enough.
    private static async Task<RunForecast> SayForecastAsync(EvaluationRequest request, string? protocolFile, bool hostDecides, CancellationToken cancellationToken)
    {
        bool known = !hostDecides && (protocolFile is not null || request.Protocol != "auto");
        IReadOnlyList<string> protocols = known ? [request.Protocol] : ["general-list", "general-pair"];
        RunForecast? most = null;
        foreach (string name in protocols)
        {
            Judge judge = Judge.Of(new SimulatedJudge(new JudgeEngine(new SimulatedJudgeOptions())), SimulatedJudgeOptions.DefaultModel, known && protocolFile is not null ? "auto" : name, known && protocolFile is not null ? await File.ReadAllTextAsync(protocolFile, cancellationToken) : null);
            RunForecast forecast = await RunForecast.OfAsync(request with { Routing = null }, new LocalRunStores(Environment.CurrentDirectory).OpenBatch(request.Batch), new JudgeRoutes(judge, []), cancellationToken);
            await Console.Error.WriteAsync(ForecastText.Of(forecast, known ? null : judge.Protocol.Kind == JudgingKind.Pairwise ? "if the host's judge compares pairs" : "if the host's judge scores lists"));
            most = most is null || forecast.Judgements > most.Judgements ? forecast : most;
        }

        return most!;
    }

    private static async Task<IReadOnlyList<PanelMember>> UploadFilesAsync(IRemoteRuns remote, IReadOnlyList<PanelMember> members, CancellationToken cancellationToken)
    {
        var uploaded = new List<PanelMember>();
        foreach (PanelMember member in members)
        {
            uploaded.Add(member.ProtocolFile is not { } path ? member : member with { ProtocolFile = await remote.UploadAsync(new FileInfo(path), cancellationToken) });
        }

        return uploaded;
    }
}
