using System.Text.Json.Serialization;

namespace Tribunal.JudgeModels;

/// <summary>
/// How a judge of pairs judges. A pair's log-odds θ, the order aside, is spread over pairs as the logit of a symmetric Beta(a, a) is;
/// whoever is shown first has β more, spread over pairs as a normal; and P(win) : P(loss) : P(draw) =
/// exp((θ ± β)/2) : exp(−(θ ± β)/2) : ν (R. Davidson and R. Beaver, On extending the Bradley–Terry model to accommodate ties in
/// comparisons and within-pair order effects, Biometrics 1977).
/// </summary>
public sealed record PairModel
{
    private PairGrid? _grid;

    /// <summary>a, above 0: small where judgements of a pair nearly always agree, large where they are coin flips.</summary>
    public required double Concentration { get; init; }

    /// <summary>β's mean, in log-odds: above 0 where the judge favours what is shown first.</summary>
    public double First { get; init; }

    /// <summary>β's standard deviation over pairs, in log-odds.</summary>
    public double FirstSpread { get; init; }

    /// <summary>ν, 0 or more: how readily the judge calls a draw.</summary>
    public double Ties { get; init; }

    /// <summary>Pairs that it was fitted on.</summary>
    public int Matches { get; init; }

    /// <summary>Judgements that it was fitted on.</summary>
    public long Judgements { get; init; }

    /// <summary>The probability that two judgements of a pair in the same order agree, draws apart, in [½, 1].</summary>
    public double Agreement { get; init; }

    /// <summary>The probability that two judgements of a pair in opposite orders agree, draws apart, in [0, 1].</summary>
    public double AgreementAcrossOrders { get; init; }

    /// <summary>The model on a grid.</summary>
    [JsonIgnore]
    internal PairGrid Grid => _grid ??= new PairGrid(this);

    /// <summary>Models are the same when their parameters are.</summary>
    public bool Equals(PairModel? other) => other is not null
        && (Concentration, First, FirstSpread, Ties, Matches, Judgements) == (other.Concentration, other.First, other.FirstSpread, other.Ties, other.Matches, other.Judgements);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Concentration, First, FirstSpread, Ties);
}
