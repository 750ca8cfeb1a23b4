using System.Security.Cryptography;
using System.Text;
using Tribunal.Rollouts;

namespace Tribunal.RewardServer.Judging;

/// <summary>What a group is known by. One that has a name is the same whichever client asks.</summary>
/// <param name="Client">Hash of who asks, which tells nothing of a key or an address; empty where the group has a name.</param>
/// <param name="Id">The name; null where it has none.</param>
/// <param name="Prompt">The prompt's key.</param>
/// <param name="Schedule">Who meets whom, where it is another schedule than the server's; empty otherwise.</param>
internal readonly record struct GroupKey(string Client, string? Id, UInt128 Prompt, string Schedule = "")
{
    public static GroupKey Of(RewardGroup group, UInt128 prompt, string schedule) => new(group.Id is null ? Hash(group.Client) : "", group.Id, prompt, schedule);

    private static string Hash(string client) => client.Length == 0 ? "" : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(client)))[..16];
}

/// <summary>Responses to one prompt on their way to a group.</summary>
internal sealed class Gathering(GroupKey key, IReadOnlyList<Message> prompt, string? reference, int? size)
{
    private readonly Dictionary<UInt128, long> _seen = [];
    private bool? _whole;

    public GroupKey Key { get; } = key;

    public IReadOnlyList<Message> Prompt { get; } = prompt;

    public string? Reference { get; } = reference;

    /// <summary>The rubric; null where there is none but the server's own.</summary>
    public Rubric? Rubric { get; init; }

    /// <summary>Responses to wait for; null: until the time is over.</summary>
    public int? Size { get; } = size;

    public SortedDictionary<UInt128, Response> Responses { get; } = [];

    public TaskCompletionSource<JudgedRollout> Ready { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Responses that came and whose client still waits, equal ones counted each.</summary>
    public int Arrived { get; set; }

    /// <summary>Responses that wait for the same group at other instances.</summary>
    public int Elsewhere { get; set; }

    /// <summary>Whether all that it waited for came; also where nobody said how many there are.</summary>
    public bool IsWhole => _whole ?? (Size is null || Arrived + Elsewhere >= Size);

    /// <summary>Ends the wait; null where nobody waits.</summary>
    public ITimer? Timer { get; set; }

    /// <summary>The rollout that the group becomes. A client that gives up while its group gathers is not counted twice when it comes back.</summary>
    /// <param name="responses">Responses that the client brought.</param>
    /// <param name="gate">Guards the group.</param>
    /// <param name="cancellationToken">The client gives up.</param>
    public async Task<JudgedRollout> WaitAsync(int responses, Lock gate, CancellationToken cancellationToken)
    {
        try
        {
            return await Ready.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            lock (gate)
            {
                Arrived -= responses;
            }

            throw;
        }
    }

    /// <summary>Adds what a request brought.</summary>
    /// <param name="question">The request.</param>
    /// <param name="responses">Its responses' keys.</param>
    /// <param name="now">When.</param>
    public void Add(RewardQuestion question, UInt128[] responses, long now)
    {
        for (int i = 0; i < responses.Length; i++)
        {
            Responses[responses[i]] = question.Responses[i];
            _seen[responses[i]] = now;
        }

        Arrived += responses.Length;
    }

    /// <summary>Goes on with what the same group was judged as before it was whole.</summary>
    /// <param name="responses">Its responses then.</param>
    /// <param name="arrived">How many they were, equal ones counted each.</param>
    public void Take(IEnumerable<(UInt128 Key, Response Content)> responses, int arrived)
    {
        foreach ((UInt128 response, Response content) in responses)
        {
            arrived -= _seen.ContainsKey(response) ? 1 : 0;
            Responses[response] = content;
        }

        Arrived += Math.Max(0, arrived);
    }

    /// <summary>When a response last came here; null where it didn't.</summary>
    public long? SeenAt(UInt128 response) => _seen.TryGetValue(response, out long at) ? at : null;

    /// <summary>It became a rollout.</summary>
    public void Settle(JudgedRollout rollout, bool whole)
    {
        _whole = whole;
        Ready.TrySetResult(rollout);
    }
}

/// <summary>Where a response of a group was judged.</summary>
internal readonly record struct Membership(JudgedRollout Rollout, bool Whole);
