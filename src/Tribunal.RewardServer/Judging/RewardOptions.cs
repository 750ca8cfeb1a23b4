namespace Tribunal.RewardServer.Judging;

/// <summary>How requests become judged groups.</summary>
public sealed record RewardOptions
{
    /// <summary>How long responses to one prompt that arrive one by one wait for each other, from the first; 0 or more, default 0.5 s.</summary>
    public TimeSpan Gather { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>The trainer's samples per prompt, 1 or more: a group that is full does not wait; default null, unknown.</summary>
    public int? GroupSize { get; init; }

    /// <summary>When a request is answered with the votes there are; default 100 s, below the trainers' own limits (slime 120 s, OpenRLHF 180 s).</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>Rollouts under way or gathering before new ones get 429; 1 or more, default 1,024.</summary>
    public int MaxWaiting { get; init; } = 1024;

    /// <summary>Responses judged together at most, 1 or more; default 256.</summary>
    public int MaxGroup { get; init; } = 256;
}
