using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Tribunal.Azure.Hosting;
using Tribunal.Azure.Queues;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Output;
using Tribunal.Inference;
using Tribunal.MetaReward;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Resuming;
using Tribunal.Sampling;

namespace Tribunal.Cli.Options;

/// <summary><c>--routes</c>: which rollouts are judged otherwise than the command says.</summary>
internal sealed class RouteChoice
{
    private const long MaxBytes = 1024 * 1024;

    private readonly Option<FileInfo?> _routes = new("--routes") { Description = "Judge, protocol, thinking budget and policy by domain or perceived task type: a JSON file (docs/routing.md). Judges are named in the environment, as Tribunal__Judges__NAME__Endpoint.", HelpName = "FILE" };

    public void AddTo(Command command) => command.Add(_routes);

    /// <summary>The table; null without one.</summary>
    /// <exception cref="CommandException">It can't be used; the message lists every problem.</exception>
    public RoutingTable? Of(ParseResult parsed)
    {
        if (parsed.GetValue(_routes) is not { } file)
        {
            return null;
        }

        if (!file.Exists || file.Length > MaxBytes)
        {
            throw new CommandException(ExitCodes.Usage, file.Exists ? $"--routes: {file.FullName} is larger than {MaxBytes} bytes" : $"--routes: there is no file at {file.FullName}");
        }

        try
        {
            RoutingTable table = StrictJson.ReadRouting(WithPriors(File.ReadAllText(file.FullName), file.DirectoryName!));
            return table with { Routes = [.. table.Routes.Select(route => route.ProtocolFile is not { } path ? route : route with { ProtocolFile = Path.GetFullPath(path, file.DirectoryName!) })] };
        }
        catch (MessageRefusedException exception)
        {
            throw new CommandException(ExitCodes.Usage, $"--routes: {exception.Message}", exception);
        }
    }

    // A prior may be named by its file, or by the folder of the run that learned it.
    private static string WithPriors(string text, string folder)
    {
        if (Parsed(text)?["routes"] is not JsonArray routes)
        {
            return text;
        }

        bool any = false;
        foreach (JsonObject route in routes.OfType<JsonObject>())
        {
            if (route["prior"] is JsonValue prior && prior.TryGetValue(out string? path))
            {
                route["prior"] = JsonSerializer.SerializeToNode(PriorFiles.ReadPrior(Path.GetFullPath(path, folder)), TribunalJson.Default.JudgeModel);
                any = true;
            }
        }

        return any ? routes.Root.ToJsonString() : text;

        // What can't be read is refused in better words by whoever reads the table.
        static JsonObject? Parsed(string text)
        {
            try
            {
                return JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true }) as JsonObject;
            }
            catch (JsonException)
            {
                return null;
            }
        }
    }

    /// <summary>The command's own judges, and by their names those that the environment configures. One meta reward model scores the whole run: that of the command.</summary>
    public static JudgeRegistry Registry(IReadOnlyList<Judge> own, MetaChoice meta, JudgeFactory factory)
    {
        var others = new JudgeSettings(new ConfigurationBuilder().AddEnvironmentVariables().Build(), factory);
        return new JudgeRegistry(name => name is null ? own[0] : own.FirstOrDefault(judge => judge.Name == name) ?? others.Find(name), (_, _) => meta.Endpoint!, meta.Learned is null ? [] : [meta.Learned]);
    }
}

/// <summary>The meta reward model of a command: one behind an endpoint, one of one's own, or none.</summary>
internal sealed record MetaChoice(IMetaRewardModel? Endpoint, LearnedMetaModel? Learned)
{
    /// <summary>What the request calls it; null for none.</summary>
    public string? Name => Learned?.Id ?? Endpoint?.Name;
}
