namespace Tribunal.RewardServer.Judging;

/// <summary>
/// What a client may ask for, over all servers of a record and since its beginning. The judgements that a request sets off are charged to its
/// client; one that joins what there is costs nothing but the request.
/// </summary>
/// <param name="name">The client's name.</param>
/// <param name="requests">Requests, at most; null for no limit.</param>
/// <param name="tokens">Tokens of judgements, input and output, at most; null for no limit. The judgements under way when it is reached still end.</param>
public sealed class ClientBudget(string name, long? requests = null, long? tokens = null)
{
    private static readonly AsyncLocal<ClientBudget?> Flowing = new();

    /// <summary>The client whose request is being served; what it sets off inherits it.</summary>
    public static ClientBudget? Current
    {
        get => Flowing.Value;
        set => Flowing.Value = value;
    }

    /// <summary>The client's name.</summary>
    public string Name { get; } = name;

    /// <summary>Whether there is anything to keep to.</summary>
    public bool IsLimited => requests is not null || tokens is not null;

    /// <summary>Why a request is refused; null where it is not.</summary>
    /// <param name="spent">What the client has spent, this request included.</param>
    public string? WhyRefused(Spent spent) =>
        tokens is { } most && spent.Tokens >= most ? $"the budget of {Name} is spent: {spent.Tokens} of {most} tokens"
        : spent.Requests > requests ? $"the budget of {Name} is spent: {requests} requests"
        : null;
}

/// <summary>What a client has spent.</summary>
/// <param name="Requests">Requests.</param>
/// <param name="Tokens">Tokens.</param>
public readonly record struct Spent(long Requests, long Tokens);
