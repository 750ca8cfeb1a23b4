using System.Text.Json.Serialization;
using Tribunal.Protocols;
using Tribunal.Tournaments;
using Tribunal.Verdicts;

namespace Tribunal.RewardServer.Judging;

/// <summary>How rewards are said.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RewardScale>))]
public enum RewardScale
{
    /// <summary>In [0, 1], comparable between groups.</summary>
    [JsonStringEnumMemberName("unit")]
    Unit,

    /// <summary>RRM's reward for training (arXiv 2505.14674): (Elo − initial)/200 + ½, near [0, 1] and not bound to it. Needs a pair judge whose matches are rated by Elo.</summary>
    [JsonStringEnumMemberName("rrm")]
    Rrm,

    /// <summary>The share of the group's other texts that a response is above, equal ones counting half: 1 the best, 0 the worst.</summary>
    [JsonStringEnumMemberName("ranks")]
    Ranks,

    /// <summary>The reward in [0, 1] minus the mean over the group's texts.</summary>
    [JsonStringEnumMemberName("centred")]
    Centred,
}

/// <summary>Puts verdicts' rewards on scales. A group is the texts that were judged together, each once.</summary>
/// <param name="usual">The scale of questions that name none.</param>
/// <param name="kind">Lists or pairs.</param>
/// <param name="tournament">The schedule of questions that state none.</param>
internal sealed class RewardScaling(RewardScale usual, JudgingKind kind, TournamentOptions tournament)
{
    private const double RrmPoints = 200;

    /// <summary>Gives a number per response of a verdict, null where there is no reward.</summary>
    /// <exception cref="ProblemsException">The scale needs ratings, which the schedule doesn't give.</exception>
    public Func<Verdict, IReadOnlyList<double>?> For(RewardQuestion question)
    {
        RewardScale scale = question.Scale ?? usual;
        TournamentOptions asked = question.Tournament ?? tournament;
        return scale != RewardScale.Rrm || (kind == JudgingKind.Pairwise && asked is { Rating: RatingKind.Elo, Kind: not TournamentKind.Knockout })
            ? verdict => Of(verdict, scale, asked.Elo.Initial)
            : throw new ProblemsException([new Problem("scale", "rrm needs a pair judge, and matches that are rated by elo")]);
    }

    /// <summary>As questions that say nothing are answered.</summary>
    public Func<Verdict, IReadOnlyList<double>?> Usual => verdict => Of(verdict, usual, tournament.Elo.Initial);

    /// <summary>A number per response.</summary>
    internal static IReadOnlyList<double>? Of(Verdict verdict, RewardScale scale, double initial)
    {
        if (verdict.Rewards is not { } rewards)
        {
            return null;
        }

        switch (scale)
        {
            case RewardScale.Rrm:
                // Nothing to compare: everyone stands where it began.
                return verdict.Ratings is { } ratings ? [.. ratings.Select(rating => ((rating - initial) / RrmPoints) + 0.5)] : [.. rewards.Select(static _ => 0.5)];
            case RewardScale.Ranks:
                return [.. rewards.Select(reward => rewards.Count == 1 ? 0.5 : (rewards.Count(other => reward - other > 1e-9) + (0.5 * (rewards.Count(other => Math.Abs(other - reward) <= 1e-9) - 1))) / (rewards.Count - 1))];
            case RewardScale.Centred:
                double mean = rewards.Average();
                return [.. rewards.Select(reward => reward - mean)];
            default:
                return rewards;
        }
    }
}
