using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Tribunal.Azure.Hosting;
using Tribunal.Azure.Queues;
using Tribunal.Cli.Output;
using Tribunal.MetaReward;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
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
            return RoutingFile.Parse(File.ReadAllText(file.FullName));
        }
        catch (MessageRefusedException exception)
        {
            throw new CommandException(ExitCodes.Usage, $"--routes: {exception.Message}", exception);
        }
    }
}

/// <summary>The command's own judge, and by their names those that the environment configures.</summary>
internal sealed class RoutedJudges(NamedJudges own, string ownName, IMetaRewardModel? meta, LearnedMetaModel? learned) : IJudgeProvider, IDisposable
{
    private readonly EndpointJudges _maker = new(NullLoggerFactory.Instance, TimeProvider.System);
    private ConfiguredJudges? _others;

    public JudgeBinding Resolve(EvaluationRequest request)
    {
        if (request.Judge is null || request.Judge == ownName)
        {
            return own.Resolve(request);
        }

        _others ??= new ConfiguredJudges(new ConfigurationBuilder().AddEnvironmentVariables().Build(), _maker);

        // One meta reward model scores the whole run: that of the command.
        return _others.Resolve(request with { Meta = request.Meta with { Model = null } }) with { Meta = meta, LearnedMeta = learned };
    }

    public void Dispose() => _maker.Dispose();
}
