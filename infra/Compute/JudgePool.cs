namespace Tribunal.Infra.Compute;

/// <summary>A judge on GPUs of this deployment.</summary>
public sealed record JudgePool
{
    /// <summary>Its name in requests, routes and panels, and of its app: a lower-case word.</summary>
    public required string Name { get; init; }

    /// <summary>The model.</summary>
    public required ServedModel Model { get; init; }

    /// <summary>What it runs on.</summary>
    public required GpuProfile Gpu { get; init; }

    /// <summary><c>grm</c>, <c>rm-r1</c>, <c>rrm</c>, or <c>auto</c> (default).</summary>
    public string Protocol { get; init; } = "auto";

    /// <summary>The region of its environment, where GPUs can be had; null (default): the stack's.</summary>
    public string? Location { get; init; }

    /// <summary>The judge that answers under this name where its GPUs can't be had (<c>unavailable</c>); null: none.</summary>
    public string? Fallback { get; init; }
}

/// <summary>A judge behind somebody's OpenAI-compatible endpoint.</summary>
public sealed record ExternalJudge
{
    /// <summary>Its name in requests, routes and panels: a lower-case word.</summary>
    public required string Name { get; init; }

    /// <summary>Base address, <c>https://…/v1</c>.</summary>
    public required string Endpoint { get; init; }

    /// <summary>The model as the endpoint serves it.</summary>
    public required string Model { get; init; }

    /// <summary><c>grm</c>, <c>rm-r1</c>, <c>rrm</c>, or <c>auto</c> (default).</summary>
    public string Protocol { get; init; } = "auto";

    /// <summary>Requests in flight from the whole deployment that its limits allow, 1 to 4,096; default 64.</summary>
    public int Concurrency { get; init; } = 64;
}
