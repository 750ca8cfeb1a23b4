using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Tribunal.MetaReward;
using Tribunal.Protocols;

namespace Tribunal.Azure.Hosting;

/// <summary>A named judge of the configuration.</summary>
public sealed record JudgeSettings
{
    /// <summary>Its name in requests and ledgers.</summary>
    public required string Name { get; init; }

    /// <summary>Its base address.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>The model as the endpoint serves it.</summary>
    public required string Model { get; init; }

    /// <summary>Its protocol, for requests that say <c>auto</c>.</summary>
    public string? Protocol { get; init; }

    /// <summary>Requests in flight from one process, at most; default 64.</summary>
    public int Concurrency { get; init; } = 64;

    /// <summary>Name of the environment variable that holds its key.</summary>
    public string? ApiKeyVariable { get; init; }

    /// <summary>Request fields that its server doesn't take, such as <c>seed</c>, separated by commas.</summary>
    public string Omit { get; init; } = "";
}

/// <summary>Makes what the configuration names; a host's one tie to the code that speaks to endpoints.</summary>
public interface IJudgeMaker
{
    /// <summary>A judge behind an endpoint.</summary>
    /// <exception cref="ArgumentException">A setting can't be used; the message names it.</exception>
    IJudge Judge(JudgeSettings settings);

    /// <summary>The meta reward model behind an endpoint.</summary>
    /// <exception cref="ArgumentException">A setting can't be used; the message names it.</exception>
    IMetaRewardModel Meta(Uri endpoint, string model);

    /// <summary>The simulated judge in this process; null where a host has none.</summary>
    (IJudge Judge, IMetaRewardModel Meta)? Simulated { get; }
}
