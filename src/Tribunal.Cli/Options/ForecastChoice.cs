using System.CommandLine;
using Tribunal.Cli.Output;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Steps;

namespace Tribunal.Cli.Options;

/// <summary>The options that say what happens between a run's forecast and its first request.</summary>
internal sealed class ForecastChoice
{
    private const long UsualAskAbove = 100_000;
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Say what the run would draw, and stop: no judge is asked and nothing is written." };
    private readonly Option<bool> _yes = new("--yes", "-y") { Description = "Start without being asked, however many judgements it takes." };
    private readonly Option<long> _askAbove = new("--ask-above") { Description = "Judgements above which a run of a real judge is asked about first; without a terminal it then needs --yes.", DefaultValueFactory = static _ => UsualAskAbove, HelpName = "N" };

    public ForecastChoice() => _askAbove.Between(0, double.PositiveInfinity);

    /// <summary>Adds the options.</summary>
    public void AddTo(Command command) => command.Add(_dryRun, _yes, _askAbove);

    /// <summary>Whether nothing is to be done but say it.</summary>
    public bool IsDryRun(ParseResult parsed) => parsed.GetValue(_dryRun);

    /// <summary>Asks whoever sits at the terminal where the run is large; returns when it may start.</summary>
    /// <exception cref="CommandException">It may not.</exception>
    public void Confirm(ParseResult parsed, RunForecast forecast)
    {
        long above = parsed.GetValue(_askAbove);
        if (forecast.Judgements <= above || parsed.GetValue(_yes))
        {
            return;
        }

        if (!Console.IsInputRedirected && !Console.IsErrorRedirected)
        {
            Console.Error.Write($"Start {forecast.Judgements:N0} judgements? [y/N] ");
            if (Console.ReadLine()?.Trim() is "y" or "Y" or "yes")
            {
                return;
            }
        }

        throw new CommandException(ExitCodes.Usage, $"not started: {forecast.Judgements:N0} judgements are more than --ask-above {above:N0}; --yes starts it, --limit N tries fewer rollouts first");
    }
}
