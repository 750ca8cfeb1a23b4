using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tribunal.Reports;
using Tribunal.Runs.Labels;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Viewer.Forms;
using Tribunal.Viewer.Index;
using Tribunal.Viewer.Live;
using Tribunal.Viewer.Pages;

namespace Tribunal.Viewer.Serving;

/// <summary>The viewer's routes: its page, and the JSON that the page reads (docs/viewer.md).</summary>
internal sealed class ViewerEndpoints(RunShelf shelf, ComparePages compare, RunResumer resumer, TimeProvider time)
{
    private static readonly (string Path, string Name, string Type)[] Assets =
    [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/app.js", "app.js", "text/javascript; charset=utf-8"),
        ("/app.css", "app.css", "text/css; charset=utf-8"),
        ("/licences.txt", "licences.txt", "text/plain; charset=utf-8"),
    ];

    public void Map(WebApplication application)
    {
        foreach ((string path, string name, string type) in Assets)
        {
            byte[] bytes = Read(name);
            application.MapGet(path, () => Results.Bytes(bytes, type));
        }

        application.MapGet("/favicon.ico", static () => Results.NoContent());
        application.MapGet("/api/runs", RunsAsync);
        application.MapGet("/api/runs/{key}", (string key, CancellationToken cancel) => RunAsync(key, OneAsync, cancel));
        application.MapPost("/api/runs/{key}/tags", (string key, TagsForm body, CancellationToken cancel) => RunAsync(key, (run, token) => TagAsync(run, body, token), cancel));
        application.MapGet("/api/runs/{key}/plots/{file}", (string key, string file, CancellationToken cancel) => RunAsync(key, (run, token) => PlotAsync(run, file, token), cancel));
        application.MapGet("/api/runs/{key}/live", (string key, CancellationToken cancel) => RunAsync(key, LiveAsync, cancel));
        application.MapPost("/api/runs/{key}/stop", (string key, CancellationToken cancel) => RunAsync(key, StopAsync, cancel));
        application.MapPost("/api/runs/{key}/resume", (string key, CancellationToken cancel) => RunAsync(key, ResumeAsync, cancel));
        application.MapGet("/api/runs/{key}/rollouts", (
            string key, string? filter, string? domain, string? q, string? sort, bool? desc, int? offset, int? count, CancellationToken cancel) =>
            RunAsync(key, async (run, token) => Results.Ok(await RowPage.OfAsync(run, Query(filter, domain, q, sort, desc), Math.Max(0, offset ?? 0), count ?? 100, token)), cancel));
        application.MapGet("/api/runs/{key}/rollouts/{row:int}", (string key, int row, CancellationToken cancel) =>
            RunAsync(key, async (run, token) => Found(await RolloutPage.OfAsync(run, row, token)), cancel));
        application.MapGet("/api/runs/{key}/rollouts/{row:int}/judgements/{sample:int}", (string key, int row, int sample, CancellationToken cancel) =>
            RunAsync(key, async (run, token) => Found(await RolloutPage.JudgementAsync(run, row, sample, token)), cancel));
        application.MapGet("/api/runs/{key}/rollouts/{row:int}/vote", (string key, int row, string? rule, int? samples, double? keep, bool? meta, CancellationToken cancel) =>
            RunAsync(key, async (run, token) => Found(await RolloutPage.VoteAsync(run, row, rule, samples, keep, meta, token)), cancel));
        application.MapPost("/api/runs/{key}/rollouts/{row:int}/label", (string key, int row, LabelForm body, CancellationToken cancel) =>
            RunAsync(key, (run, token) => LabelAsync(run, row, body, token), cancel));
        application.MapGet("/api/compare", (string runs, CancellationToken cancel) => CompareAsync(runs, async (all, token) => Results.Ok(await compare.OfAsync(all, token)), cancel));
        application.MapGet("/api/compare/rollouts", (string runs, string? filter, string? domain, int? offset, int? count, CancellationToken cancel) =>
            CompareAsync(runs, async (all, token) => Results.Ok(await compare.RowsAsync(all, filter ?? "differ", domain, Math.Max(0, offset ?? 0), count ?? 100, token)), cancel));
    }

    private static RowQuery Query(string? filter, string? domain, string? text, string? sort, bool? descending) => new()
    {
        Filters = filter?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [],
        Domain = domain,
        Text = string.IsNullOrWhiteSpace(text) ? null : text.Trim(),
        Sort = sort,
        Descending = descending ?? false,
    };

    private static IResult Found<T>(T? answer)
        where T : class => answer is null ? Refuse(StatusCodes.Status404NotFound, "there is no such rollout") : Results.Ok(answer);

    private static IResult Refuse(int status, string why) => Results.Json(new RefusedAnswer(why), ViewerJson.Default.RefusedAnswer, statusCode: status);

    private static byte[] Read(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name) ?? throw new FileNotFoundException($"the viewer's {name} was not built in: npm run build in src/Tribunal.Viewer/web");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    private async Task<IResult> RunsAsync(CancellationToken cancellationToken)
    {
        var forms = new List<RunForm>();
        foreach (ViewedRun run in await shelf.AllAsync(cancellationToken))
        {
            forms.Add(await run.FormAsync(cancellationToken));
        }

        return Results.Ok(new RunsAnswer([.. forms.OrderByDescending(static run => run.Created)], RowFilters.Names));
    }

    // What is wrong with files or settings is told in words; everything else is a defect.
    private async Task<IResult> RunAsync(string key, Func<ViewedRun, CancellationToken, Task<IResult>> answer, CancellationToken cancellationToken)
    {
        if (await shelf.FindAsync(key, cancellationToken) is not { } run)
        {
            return Refuse(StatusCodes.Status404NotFound, "there is no such run here (any more)");
        }

        return await SaidAsync(() => answer(run, cancellationToken));
    }

    private async Task<IResult> CompareAsync(string keys, Func<IReadOnlyList<ViewedRun>, CancellationToken, Task<IResult>> answer, CancellationToken cancellationToken)
    {
        var runs = new List<ViewedRun>();
        foreach (string key in keys.Split(',', StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal))
        {
            if (await shelf.FindAsync(key, cancellationToken) is not { } run)
            {
                return Refuse(StatusCodes.Status404NotFound, "there is no such run here (any more)");
            }

            await run.LookAsync(cancellationToken);
            runs.Add(run);
        }

        return runs.Count is < 2 or > ComparePages.MostRuns
            ? Refuse(StatusCodes.Status400BadRequest, $"2 to {ComparePages.MostRuns} runs can be compared")
            : await SaidAsync(() => answer(runs, cancellationToken));
    }

    private static async Task<IResult> SaidAsync(Func<Task<IResult>> answer)
    {
        try
        {
            return await answer();
        }
        catch (ArgumentException exception)
        {
            return Refuse(StatusCodes.Status400BadRequest, exception.Message);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Refuse(StatusCodes.Status500InternalServerError, exception.Message);
        }
    }

    private static async Task<IResult> OneAsync(ViewedRun run, CancellationToken cancellationToken)
    {
        RunIndex index = await run.IndexAsync(cancellationToken);
        return Results.Ok(new RunAnswer
        {
            Run = await run.FormAsync(cancellationToken),
            Index = index.Progress,
            Summary = run.Summary(),
            Request = run.Source.Manifest?.Request,
            Domains = [.. index.Domains],
            HasBatch = index.HasBatch,
            Plots = index.IsWhole ? [.. PlotPage.Of(run, index).Select(static plot => new PlotForm(plot.Name, plot.Title, plot.Caption, string.Join("; ", plot.Marks.Select(static mark => $"{mark.Mark} {mark.What}"))))] : [],
        });
    }

    private static async Task<IResult> TagAsync(ViewedRun run, TagsForm body, CancellationToken cancellationToken)
    {
        if (body.Tags is not { Count: <= 20 } || body.Tags.Any(static tag => tag is not { Length: > 0 and <= 60 }))
        {
            return Refuse(StatusCodes.Status400BadRequest, "tags are at most 20 words of at most 60 characters");
        }

        await run.TagAsync(body, cancellationToken);
        return Results.Ok(new DoneAnswer("saved"));
    }

    private static async Task<IResult> PlotAsync(ViewedRun run, string file, CancellationToken cancellationToken)
    {
        string name = Path.GetFileNameWithoutExtension(file);
        RunIndex index = await run.IndexAsync(cancellationToken);
        if (PlotPage.Of(run, index).FirstOrDefault(plot => plot.Name == name) is not { } plot)
        {
            return Refuse(StatusCodes.Status404NotFound, "there is no such plot");
        }

        return Path.GetExtension(file) switch
        {
            ".svg" => new Drawing(plot.File()),
            ".csv" => Results.Text(plot.Csv, "text/csv; charset=utf-8"),
            _ => Refuse(StatusCodes.Status404NotFound, "plots are .svg, their figures .csv"),
        };
    }

    private async Task<IResult> LiveAsync(ViewedRun run, CancellationToken cancellationToken)
    {
        await run.Watch.LookAsync(cancellationToken);
        RunForm form = await run.FormAsync(cancellationToken);
        string? folder = run.Source.Folder;
        RunCommand? command = await RunResumer.CommandAsync(run.Source.Store, folder, cancellationToken);
        LedgerWatch watch = run.Watch;
        bool published = !watch.HasParts && run.Source.Summary is not null;
        var judgements = published ? run.Source.Summary!.Judgements : watch.Judgements;
        var usage = published ? run.Source.Summary!.Usage : watch.Usage;
        long? expected = run.Source.Manifest is { Request: { Policy: { Kind: PolicyKind.Fixed, Samples: var samples }, Tournament.Kind: Tournaments.TournamentKind.None } } manifest && IsListwise(manifest) ? manifest.Rollouts * samples : null;
        int shards = run.Source.Manifest?.Shards ?? 0;
        double? share = published ? 1 : expected > 0 ? Math.Min(1, (double)judgements.Drawn / expected.Value) : shards > 0 ? (double)watch.ShardsDone / shards : null;
        bool working = folder is not null && resumer.IsWorking(folder);
        return Results.Ok(new LiveAnswer
        {
            State = working ? "running" : form.State,
            Judgements = judgements,
            Expected = expected,
            Share = share,
            Rate = watch.Rate,
            SecondsLeft = watch.Rate is > 0 and var rate && expected is { } all ? Math.Max(0, all - judgements.Drawn) / rate : null,
            QuietSeconds = watch.QuietFor?.TotalSeconds,
            Usage = usage,
            Cost = published ? run.Source.Summary!.Cost : command?.Price?.Of(usage),
            ShardsDone = published ? shards : watch.ShardsDone,
            Shards = shards,
            Failures = watch.Failures,
            StopRequested = await run.Source.Store.ReadDocumentAsync(RunFiles.Cancel, cancellationToken) is not null,
            Resume = working || published && form.State == "done" ? null : command?.Arguments,
            Said = folder is null ? null : resumer.FaultOf(folder),
        });
    }

    private static bool IsListwise(RunManifest manifest) =>
        Protocols.Catalog.ProtocolCatalog.Names.Contains(manifest.Protocol, StringComparer.Ordinal)
        && Protocols.Catalog.ProtocolCatalog.Resolve(manifest.Protocol, manifest.Model).Protocol.Kind == Protocols.JudgingKind.Listwise;

    private static async Task<IResult> StopAsync(ViewedRun run, CancellationToken cancellationToken)
    {
        if (run.Source.Folder is null)
        {
            return Refuse(StatusCodes.Status409Conflict, $"a run in a storage account is stopped by: tribunal cancel {run.Source.Place}");
        }

        await run.Source.Store.WriteDocumentAsync(RunFiles.Cancel, "asked for by tribunal view\n"u8.ToArray(), cancellationToken);
        return Results.Ok(new DoneAnswer("the run stops when what is in flight has ended"));
    }

    private async Task<IResult> ResumeAsync(ViewedRun run, CancellationToken cancellationToken)
    {
        if (run.Source.Folder is not { } folder || await RunResumer.CommandAsync(run.Source.Store, folder, cancellationToken) is not { } command)
        {
            return Refuse(StatusCodes.Status409Conflict, "no command was recorded with this run that could be run from here: give the one it was started with in a terminal");
        }

        if (resumer.IsWorking(folder))
        {
            return Refuse(StatusCodes.Status409Conflict, "it is under way");
        }

        await run.Source.Store.DeleteAsync(RunFiles.Cancel, cancellationToken);
        resumer.Start(folder, command);
        return Results.Ok(new DoneAnswer("started"));
    }

    private async Task<IResult> LabelAsync(ViewedRun run, int row, LabelForm body, CancellationToken cancellationToken)
    {
        if (await RolloutPage.NameAsync(run, row, cancellationToken) is not { } rollout)
        {
            return Refuse(StatusCodes.Status404NotFound, "there is no such rollout");
        }

        var label = new RolloutLabel
        {
            RolloutId = rollout.Id, At = time.GetUtcNow(), By = Blank(body.By), Best = body.Best is { Count: > 0 } best ? [.. best.Order()] : null, Scores = body.Scores, Note = Blank(body.Note),
        };
        if (label.WhyNot(rollout.Responses) is { } why)
        {
            return Refuse(StatusCodes.Status400BadRequest, why);
        }

        await run.LabelAsync(label, cancellationToken);
        return Results.Ok(new DoneAnswer("saved"));
    }

    private static string? Blank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    /// <summary>A drawing, which brings its own styles along and may do nothing else.</summary>
    private sealed class Drawing(string svg) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
            httpContext.Response.ContentType = "image/svg+xml; charset=utf-8";
            return httpContext.Response.WriteAsync(svg, httpContext.RequestAborted);
        }
    }
}
