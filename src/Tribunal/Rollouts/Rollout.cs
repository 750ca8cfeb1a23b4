using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tribunal.Rollouts;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role"><c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</param>
/// <param name="Content">The text of the turn; empty where it only calls tools.</param>
public sealed record Message(string Role, string Content)
{
    /// <summary>The tools that an assistant's turn calls, in order; null for none.</summary>
    public IReadOnlyList<ToolCall>? ToolCalls { get; init; }

    /// <summary>The id of the call that a tool's turn answers, where it is given.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>The tool that a tool's turn comes from, where it is given.</summary>
    public string? Name { get; init; }

    /// <summary>What an assistant's turn thought before it said something, where it is kept apart; judges are shown it only where a <see cref="TrajectoryView"/> says so.</summary>
    public string? Reasoning { get; init; }
}

/// <summary>A call of a tool.</summary>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">What it is called with, as JSON text.</param>
/// <param name="Id">The call's name, which its result may state.</param>
public sealed record ToolCall(string Name, string Arguments, string? Id = null);

/// <summary>A candidate response.</summary>
/// <param name="Content">The text that is judged; of a trajectory, its turns as text (<see cref="Conversation"/>).</param>
/// <param name="Id">The caller's name for it, if any; never shown to a judge.</param>
public sealed record Response(string Content, string? Id = null)
{
    /// <summary>The turns of a trajectory, one or more; null where the response is a text.</summary>
    public IReadOnlyList<Message>? Turns { get; init; }

    /// <summary>A response of turns. One turn that calls no tool is the text that it says.</summary>
    /// <param name="turns">One or more.</param>
    /// <param name="id">The caller's name for it.</param>
    public static Response Of(IReadOnlyList<Message> turns, string? id = null) => turns is [{ ToolCalls: null, Reasoning: null } only]
            ? new Response(only.Content, id)
            : new Response(Conversation.Response(turns, turn => ToolTurns.Text(turns, turn)), id) { Turns = turns };

    /// <summary>Whether both are the same to a judge: a text that spells a trajectory out is none.</summary>
    public bool IsSameAs(Response other) =>
        other is not null && Conversation.IsTrajectory(Turns) == Conversation.IsTrajectory(other.Turns) && string.Equals(Content, other.Content, StringComparison.Ordinal);
}

/// <summary>A prompt with 1..n candidate responses: what a judge is asked about.</summary>
[JsonConverter(typeof(RolloutJsonConverter))]
public sealed record Rollout
{
    /// <summary>Unique inside a batch; 1 to 256 characters, no control characters.</summary>
    public required string Id { get; init; }

    /// <summary>The conversation so far, at least one turn. A prompt given as a string is one <c>user</c> turn.</summary>
    public required IReadOnlyList<Message> Prompt { get; init; }

    /// <summary>The candidates, 1..n, in the caller's ("original") order.</summary>
    public required IReadOnlyList<Response> Responses { get; init; }

    /// <summary>Indexes (original order, from 0) of the responses known to be best, where a label exists.</summary>
    public IReadOnlyList<int>? Best { get; init; }

    /// <summary>Known scores, one per response, where they exist.</summary>
    public IReadOnlyList<double>? Scores { get; init; }

    /// <summary>A reference answer that the judge may be shown.</summary>
    public string? Reference { get; init; }

    /// <summary>The criteria that its responses are graded by, where it carries them.</summary>
    public Rubric? Rubric { get; init; }

    /// <summary>Where the rollout belongs in break-downs by domain.</summary>
    public string? Domain { get; init; }

    /// <summary>Anything else the caller wants to keep beside the rollout; not interpreted.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>
    /// <see cref="Best"/> as accuracies take it: a response of the same text as a labelled one is as good. Null where nothing is labelled,
    /// or where all of several responses are the same text: there is nothing to find then.
    /// </summary>
    public IReadOnlyList<int>? KnownBest()
    {
        if (Best is not { Count: > 0 } best)
        {
            return null;
        }

        var candidates = Candidates.Of(this);
        if (candidates.Count == Responses.Count)
        {
            return best;
        }

        return candidates.Count == 1 ? null : [.. Enumerable.Range(0, Responses.Count).Where(i => best.Any(b => candidates[b] == candidates[i]))];
    }

    /// <summary>What votes need of the rollout, without its texts: responses hold a number instead, equal where their texts are.</summary>
    public Rollout WithoutTexts()
    {
        var candidates = Candidates.Of(this);
        return this with
        {
            Prompt = [],
            Responses = [.. Enumerable.Range(0, candidates.Responses).Select(response => new Response($"{candidates[response]}"))],
            Reference = null,
            Rubric = null,
            Metadata = null,
        };
    }
}
