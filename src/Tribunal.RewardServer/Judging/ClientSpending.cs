using Tribunal.Judgements;

namespace Tribunal.RewardServer.Judging;

/// <summary>What clients that have names have spent, by all servers of a record and since its beginning. Safe for concurrent use.</summary>
/// <param name="ledger">Where it is written down.</param>
/// <param name="catchUp">Reads what the other servers have written.</param>
public sealed class ClientSpending(RewardLedger ledger, Func<Task> catchUp)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Spent> _spent = new(StringComparer.Ordinal);

    /// <summary>What a client has spent.</summary>
    public Spent Of(string client)
    {
        lock (_lock)
        {
            return _spent.GetValueOrDefault(client);
        }
    }

    /// <summary>Counts a request: written down first and looked at afterwards, so that servers which take the last ones at once do not take too many.</summary>
    /// <returns>Why it is refused; null where it is not.</returns>
    public async Task<string?> EnterAsync(ClientBudget client)
    {
        ArgumentNullException.ThrowIfNull(client);
        Spent before = Of(client.Name);
        if (client.WhyRefused(before with { Requests = before.Requests + 1 }) is { } why)
        {
            return why;
        }

        await AddAsync(new ClientSpent(client.Name, 1, 0));
        if (!client.IsLimited || ledger.Instance is null)
        {
            return null;
        }

        await catchUp();
        return client.WhyRefused(Of(client.Name));
    }

    /// <summary>Charges the client whose request is being served.</summary>
    internal Task ChargeAsync(Usage usage) =>
        ClientBudget.Current is { } client && usage.Input + usage.Output > 0 ? AddAsync(new ClientSpent(client.Name, 0, usage.Input + usage.Output)) : Task.CompletedTask;

    /// <summary>Notes what is written down.</summary>
    internal void Read(ClientSpent spent)
    {
        lock (_lock)
        {
            Spent before = _spent.GetValueOrDefault(spent.Client);
            _spent[spent.Client] = new Spent(before.Requests + spent.Requests, before.Tokens + spent.Tokens);
        }
    }

    private Task AddAsync(ClientSpent spent)
    {
        Read(spent);
        return ledger.Spendings.AppendAsync(spent);
    }
}
