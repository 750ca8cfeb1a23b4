namespace Tribunal.MetaReward;

/// <summary>The usable judgements of one rollout or match, a row each, as a learned meta reward model looks at them.</summary>
internal interface ISiblings
{
    /// <summary>Responses that a row has a value for.</summary>
    int Candidates { get; }

    /// <summary>A value per candidate in [0, 1], NaN where the judgement did not look.</summary>
    double[] Row(int row);

    /// <summary>What the judgement's words and verdict look like (<see cref="MetaFeatures.Own"/>).</summary>
    ReadOnlySpan<float> Features(int row);
}
