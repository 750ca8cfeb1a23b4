using System.Text.Json.Serialization;
using Tribunal.Voting;

namespace Tribunal.Sampling;

/// <summary>A member of a panel: who is asked, and how. What it leaves out is as the request says.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record PanelMember
{
    /// <summary>The judge's name in the configuration.</summary>
    public string? Judge { get; init; }

    /// <summary>The protocol's name.</summary>
    public string? Protocol { get; init; }

    /// <summary>The path of a protocol file, where batches are; null for a protocol of the catalog.</summary>
    public string? ProtocolFile { get; init; }

    /// <summary>The thinking budget in tokens, 0 or more.</summary>
    public int? ThinkingTokens { get; init; }

    /// <summary>What the member's say weighs beside the others' where nothing else is said, 0 or more; default 1.</summary>
    public double Weight { get; init; } = 1;
}

/// <summary>
/// Judges that judge every rollout together. Members take turns: vote v of a rollout, or of a match, is that of member v mod M, and its
/// own vote v div M. So who draws a sample follows from the sample's number, whatever else was drawn and wherever.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record JudgePanel
{
    /// <summary>The most members.</summary>
    public const int MostMembers = 16;

    /// <summary>The members, 2 to 16; their order is the order of their turns.</summary>
    public IReadOnlyList<PanelMember> Members { get; init; } = [];

    /// <summary>What their votes weigh; learned from the run's own judgements once all of them are drawn.</summary>
    public PanelMethod Weights { get; init; } = PanelMethod.Equal;

    /// <summary>Panels are the same when their members and their weights are.</summary>
    public bool Equals(JudgePanel? other) => other is not null && Weights == other.Weights && Members.SequenceEqual(other.Members);

    /// <inheritdoc/>
    public override int GetHashCode() => Members.Aggregate((int)Weights, HashCode.Combine);

    /// <summary>What is wrong with the panel by itself, by the fields of requests; empty when nothing is.</summary>
    /// <param name="protocols">Names of the protocols; null skips that check.</param>
    public IReadOnlyList<Problem> Problems(IReadOnlyCollection<string>? protocols = null)
    {
        ProblemList problems = [];
        problems.Require(Members.Count is >= 2 and <= MostMembers, "judges.members", $"2 to {MostMembers} members are needed");
        problems.Require(Enum.IsDefined(Weights), "judges.weights", "equal, labels, one-coin or dawid-skene is needed");
        for (int i = 0; i < Members.Count; i++)
        {
            string at = $"judges.members[{i}]";
            if (Members[i] is not { } member)
            {
                problems.Add(new Problem(at, "is null"));
                continue;
            }

            problems.Require(
                member is not { ProtocolFile: null, Protocol: { } protocol } || protocols?.Contains(protocol, StringComparer.Ordinal) != false,
                $"{at}.protocol", $"'{member.Protocol}' is unknown; there are {string.Join(", ", protocols ?? [])}");
            problems.Require(member.ThinkingTokens is null or >= 0, $"{at}.thinkingTokens", $"{member.ThinkingTokens} is below 0");
            problems.Require(double.IsFinite(member.Weight) && member.Weight >= 0, $"{at}.weight", "a weight is 0 or more");
        }

        problems.Require(Members.Count == 0 || Members.Any(static member => member is null or { Weight: not 0 }), "judges.members", "all members weigh 0");
        return problems;
    }
}
