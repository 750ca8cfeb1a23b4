using Tribunal.MetaReward;
using Tribunal.Voting;

namespace Tribunal.Learning.Meta;

/// <summary>What is fitted.</summary>
public enum MetaLearner
{
    /// <summary>A ridge-penalised logistic regression (L-BFGS).</summary>
    Logistic,

    /// <summary>Boosted trees (FastTree).</summary>
    Trees,
}

/// <summary>How a meta reward model is made.</summary>
public sealed record MetaTrainingOptions
{
    /// <summary>The learners to choose from; default logistic alone.</summary>
    public IReadOnlyList<MetaLearner> Learners { get; init; } = [MetaLearner.Logistic];

    /// <summary>The sets of features to choose from; default all three.</summary>
    public IReadOnlyList<MetaFeatureSet> Features { get; init; } = [MetaFeatureSet.Words, MetaFeatureSet.Own, MetaFeatureSet.All];

    /// <summary>Folds of rollouts for the figures on the card, 2 to 20; default 5.</summary>
    public int Folds { get; init; } = 5;

    /// <summary>Of folds, shuffles and bootstrap.</summary>
    public long Seed { get; init; }

    /// <summary>How the vote will use meta rewards; choice and card are made with it. The model's name is filled in.</summary>
    public MetaOptions Use { get; init; } = new();

    /// <summary>The voting rule.</summary>
    public VotingRule Rule { get; init; } = VotingRule.Auto;
}

/// <summary>There is too little to learn from.</summary>
public sealed class TooFewLabelsException(string message) : Exception(message);
