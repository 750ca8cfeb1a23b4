namespace Tribunal.RewardServer.Judging;

/// <summary>How requests become judged groups.</summary>
public sealed record RewardOptions
{
    /// <summary>How long responses to one prompt that arrive one by one wait for each other, from the first; 0 or more, default 0.5 s.</summary>
    public TimeSpan Gather { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>How long a group whose size the request says waits to be whole, from its first response; default 60 s.</summary>
    public TimeSpan GroupWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The trainer's samples per prompt, 1 or more: a group that is full does not wait; default null, unknown.</summary>
    public int? GroupSize { get; init; }

    /// <summary>When a request is answered with the votes there are; default 100 s, below the trainers' own limits (slime 120 s, OpenRLHF 180 s).</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>Rollouts under way or gathering before new ones get 429; 1 or more, default 1,024.</summary>
    public int MaxWaiting { get; init; } = 1024;

    /// <summary>Named groups whose members are remembered for retries, 1 or more; default 65,536. The oldest are forgotten first.</summary>
    public int RememberedGroups { get; init; } = 65_536;

    /// <summary>
    /// What OpenRLHF gets in place of null, which stops its trainer: a number of the user's choice, counted in <c>tribunal.reward.replaced</c>;
    /// default null, which sends null.
    /// </summary>
    public double? NullReward { get; init; }

    /// <summary>How rewards are said where a request says nothing; default in [0, 1]. NeMo Gym's are always on its own scale.</summary>
    public RewardScale Scale { get; init; }

    /// <summary>Answers that vote where the judge is asked as a chat endpoint, 1 or more; default 8.</summary>
    public int ChatVotes { get; init; } = 8;

    /// <summary>Responses judged together at most, 1 or more; default 256.</summary>
    public int MaxGroup { get; init; } = 256;
}
