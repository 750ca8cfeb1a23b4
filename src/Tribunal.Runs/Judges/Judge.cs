using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;

namespace Tribunal.Runs.Judges;

/// <summary>A model that judges: who is asked and how, what it costs, and how much of it there is at once.</summary>
public sealed record Judge
{
    /// <summary>Requests under way at once where nothing else is said.</summary>
    public const int DefaultConcurrency = 64;

    /// <summary>Who is asked; its name is what requests and ledgers say.</summary>
    public required IJudge Endpoint { get; init; }

    /// <summary>The model behind it.</summary>
    public required string Model { get; init; }

    /// <summary>How it is asked.</summary>
    public required IProtocol Protocol { get; init; }

    /// <summary>Sampling parameters.</summary>
    public required SamplingDefaults Sampling { get; init; }

    /// <summary>A prompt template of the user's instead of the protocol's own; null for that one.</summary>
    public string? Template { get; init; }

    /// <summary>What the judge changes of a protocol's sampling parameters; null leaves them.</summary>
    public Func<SamplingDefaults, SamplingDefaults>? Overrides { get; init; }

    /// <summary>The meta reward model that is asked about every judgement; null for none.</summary>
    public IMetaRewardModel? Meta { get; init; }

    /// <summary>The meta reward model that scores a rollout's judgements together at every vote; null for none.</summary>
    public LearnedMetaModel? LearnedMeta { get; init; }

    /// <summary>How much of trajectories it is shown.</summary>
    public TrajectoryView View { get; init; } = new();

    /// <summary>Requests under way at once, at most.</summary>
    public int Concurrency { get; init; } = DefaultConcurrency;

    /// <summary>Prices; null where unknown.</summary>
    public TokenPrice? Price { get; init; }

    /// <summary>Whether it is the simulated judge.</summary>
    public bool Simulated { get; init; }

    /// <summary>Its name in requests and ledgers.</summary>
    public string Name => Endpoint.Name;

    /// <summary>A judge by the name of its protocol.</summary>
    /// <param name="endpoint">Who is asked.</param>
    /// <param name="model">Its model: <c>auto</c> picks the protocol by it.</param>
    /// <param name="protocol">The protocol of requests that say <c>auto</c>.</param>
    /// <param name="template">A prompt template of the user's; null for the protocol's own.</param>
    /// <param name="overrides">Changes the protocol's sampling parameters; null leaves them.</param>
    /// <exception cref="JudgeConfigurationException">There is no such protocol, or the template does not fit it.</exception>
    public static Judge Of(
        IJudge endpoint, string model, string protocol = "auto", string? template = null, Func<SamplingDefaults, SamplingDefaults>? overrides = null)
    {
        try
        {
            IProtocol known = ProtocolCatalog.Resolve(protocol, model, template).Protocol;
            return new Judge
            {
                Endpoint = endpoint,
                Model = model,
                Protocol = known,
                Sampling = overrides?.Invoke(known.Defaults) ?? known.Defaults,
                Template = template,
                Overrides = overrides,
            };
        }
        catch (ProblemsException exception)
        {
            throw new JudgeConfigurationException(exception.Problems, exception);
        }
        catch (PromptTemplateException exception)
        {
            throw new JudgeConfigurationException(exception.Message, exception);
        }
    }

    /// <summary>The judge as a request asks it.</summary>
    /// <param name="protocol">The request's protocol; <c>auto</c> takes the judge's own.</param>
    /// <param name="file">The text of the request's protocol file; null for a protocol of the catalog.</param>
    /// <exception cref="JudgeConfigurationException">There is no such protocol, the judge's template does not fit it, or the file can't be used.</exception>
    public Judge AskedBy(string protocol, string? file = null)
    {
        if (protocol == "auto" && file is null)
        {
            return this;
        }

        Judge asked = Of(Endpoint, Model, protocol, file ?? Template, Overrides);
        return this with { Protocol = asked.Protocol, Sampling = asked.Sampling, Template = asked.Template };
    }
}

/// <summary>Prices per million tokens, in one currency.</summary>
/// <param name="Input">Prompt tokens.</param>
/// <param name="Output">Generated tokens.</param>
public sealed record TokenPrice(double Input, double Output)
{
    /// <summary>The cost of a usage.</summary>
    public double Of(Judgements.Usage usage) => ((usage.Input * Input) + (usage.Output * Output)) / 1e6;
}

/// <summary>What judges a run: its own judge, and that of each line of its routing table; or a panel, whose first member stands as its own.</summary>
/// <param name="Own">Of scouts, and of rollouts that no line fits.</param>
/// <param name="Routed">One per line, in the table's order; empty without a table.</param>
public sealed record JudgeRoutes(Judge Own, IReadOnlyList<Judge> Routed)
{
    /// <summary>The members of the panel, in the order of their turns; null for one judge.</summary>
    public IReadOnlyList<Judge>? Panel { get; init; }

    /// <summary>All of them, the run's own first.</summary>
    public IEnumerable<Judge> All => Panel ?? [Own, .. Routed];

    /// <summary>Whether rollouts go on from the one judge to another, so that each is counted by itself.</summary>
    public bool IsCascade { get; init; }

    /// <summary>What they cost; null where it is unknown, or where routes differ, whose ledgers don't tell prices apart.</summary>
    public PriceList? Prices => PriceList.Of([.. All]) is { } prices && (Panel is not null || prices.One is not null || IsCascade) ? prices : null;
}

/// <summary>The judges that there are can't serve a request.</summary>
public sealed class JudgeConfigurationException(IReadOnlyList<Problem> problems, Exception? inner = null) : Exception(Problem.Join(problems), inner)
{
    /// <summary>Creates it for what is wrong with no single field.</summary>
    public JudgeConfigurationException(string message, Exception? inner = null)
        : this([new Problem("", message)], inner)
    {
    }

    /// <summary>One at least, by the fields of requests.</summary>
    public IReadOnlyList<Problem> Problems { get; } = problems;
}
