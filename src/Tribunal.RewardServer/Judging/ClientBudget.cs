using Tribunal.Judgements;

namespace Tribunal.RewardServer.Judging;

/// <summary>
/// What a client may ask for, and what it has asked for since the server's start. The judgements that a request sets off are charged to its client;
/// one that joins what there is costs nothing but the request.
/// </summary>
/// <param name="name">The client's name.</param>
/// <param name="requests">Requests, at most; null for no limit.</param>
/// <param name="tokens">Tokens of judgements, input and output, at most; null for no limit. The judgements under way when it is reached still end.</param>
public sealed class ClientBudget(string name, long? requests = null, long? tokens = null)
{
    private static readonly AsyncLocal<ClientBudget?> Flowing = new();
    private long _requests;
    private long _tokens;

    /// <summary>The client whose request is being served; what it sets off inherits it.</summary>
    public static ClientBudget? Current
    {
        get => Flowing.Value;
        set => Flowing.Value = value;
    }

    /// <summary>The client's name.</summary>
    public string Name { get; } = name;

    /// <summary>Requests so far.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Tokens so far.</summary>
    public long Tokens => Interlocked.Read(ref _tokens);

    /// <summary>Counts a request. Why it is refused; null where it is not.</summary>
    public string? WhyRefused()
    {
        if (tokens is { } most && Tokens >= most)
        {
            return $"the budget of {Name} is spent: {Tokens} of {most} tokens";
        }

        return Interlocked.Increment(ref _requests) > requests ? $"the budget of {Name} is spent: {requests} requests" : null;
    }

    internal static void Charge(Usage usage)
    {
        if (Current is { } client)
        {
            Interlocked.Add(ref client._tokens, usage.Input + usage.Output);
        }
    }
}
