using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Tribunal.RewardServer.Judging;

namespace Tribunal.RewardServer.Serving;

/// <summary>The keys that a server knows, each with its client. Only their hashes are kept.</summary>
public sealed class ClientKeys
{
    private readonly List<(byte[] Hash, ClientBudget? Client)> _keys = [];

    /// <summary>Keys.</summary>
    /// <param name="apiKey">A key of whoever has it; null for none.</param>
    /// <param name="clients">The keys of clients that have names and budgets.</param>
    public ClientKeys(string? apiKey, params IReadOnlyList<(string Key, ClientBudget Client)> clients)
    {
        ArgumentNullException.ThrowIfNull(clients);
        if (apiKey is not null)
        {
            _keys.Add((Hash(apiKey), null));
        }

        _keys.AddRange(clients.Select(static client => (Hash(client.Key), (ClientBudget?)client.Client)));
    }

    /// <summary>Whether a key is wanted at all.</summary>
    public bool Wanted => _keys.Count > 0;

    /// <summary>The clients that have names.</summary>
    public IEnumerable<ClientBudget> Clients => _keys.Select(static key => key.Client).OfType<ClientBudget>();

    /// <summary>Whether a request's key is known, and whose it is.</summary>
    public bool Knows(IHeaderDictionary headers, out ClientBudget? client)
    {
        ArgumentNullException.ThrowIfNull(headers);
        byte[] given = Hash(KeyOf(headers));
        client = null;
        bool known = false;
        foreach ((byte[] hash, ClientBudget? owner) in _keys)
        {
            // Of fixed length, and all of them, so that the time taken tells nothing of any key.
            if (CryptographicOperations.FixedTimeEquals(given, hash))
            {
                (known, client) = (true, owner);
            }
        }

        return known;
    }

    // ROLL's client has a header of its own.
    private static string KeyOf(IHeaderDictionary headers)
    {
        foreach (string name in (string[])["Authorization", "XRL-Authorization"])
        {
            if (headers[name].ToString() is var value && value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            {
                return value["Bearer ".Length..].Trim();
            }
        }

        return headers["X-Api-Key"].ToString();
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
