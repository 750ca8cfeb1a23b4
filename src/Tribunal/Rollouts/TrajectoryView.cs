using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;

namespace Tribunal.Rollouts;

/// <summary>
/// How much of a trajectory judges are shown; what is left out is said where it stood, and turns that all of a rollout's responses begin with are
/// shown once. It holds for responses, and but for
/// <see cref="Turns"/> for prompts. The rollout itself stays whole, in records and exports.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record TrajectoryView
{
    // A rollout is shown many times over, by one view at a time.
    private static readonly ConditionalWeakTable<Rollout, Viewed> Seen = [];

    /// <summary>The most characters of a tool's result, 0 or more: its start and its end; default null, all of it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ToolResult { get; init; }

    /// <summary>The last turns of a response that are shown, 1 or more; 1 shows how it ended; default null, all of them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Turns { get; init; }

    /// <summary>Whether thoughts that are kept apart are shown; default false.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Reasoning { get; init; }

    /// <summary>What is wrong with it, by the fields of requests; empty when nothing is.</summary>
    public IReadOnlyList<Problem> Problems() =>
    [
        .. ToolResult < 0 ? [new Problem("trajectories.toolResult", $"{ToolResult} must be 0 or more")] : (Problem[])[],
        .. Turns < 1 ? [new Problem("trajectories.turns", $"{Turns} must be 1 or more")] : (Problem[])[],
    ];

    /// <summary>The rollout as judges are shown it. Asked again about the same object, it gives the same.</summary>
    public Rollout Of(Rollout rollout)
    {
        if (!rollout.Prompt.Any(IsCut) && rollout.Responses.All(static response => response.Turns is null))
        {
            return rollout;
        }

        if (!Seen.TryGetValue(rollout, out Viewed? viewed) || viewed.By != this)
        {
            viewed = new Viewed(this, Shown(rollout));
            Seen.AddOrUpdate(rollout, viewed);
        }

        return viewed.Rollout;
    }

    // What all trajectories begin with is shown once, as the end of the prompt (RULER, OpenPipe/ART src/art/rewards/ruler.py).
    private Rollout Shown(Rollout rollout)
    {
        int shared = Conversation.Shared(rollout.Responses);
        IEnumerable<Message> common = shared == 0 ? [] : rollout.Responses[0].Turns!.Take(shared);
        return rollout with
        {
            Prompt = [.. rollout.Prompt.Concat(common).SelectMany(Shown)],
            Responses = [.. rollout.Responses.Select(response => response.Turns is { } turns ? Shown(response, Named(turns).Skip(shared).ToArray()) : response)],
        };
    }

    // Results name the tools of calls that may stand elsewhere.
    private static IEnumerable<Message> Named(IReadOnlyList<Message> turns) =>
        turns.Select((turn, i) => turn.Name is null && turn.ToolCallId is not null ? turn with { Name = ToolTurns.Called(turns, i) } : turn);

    private Response Shown(Response response, Message[] turns)
    {
        int left = Turns is { } last ? Math.Max(0, turns.Length - last) : 0;

        Message[] shown = [.. left > 0 ? [new Message("other", string.Create(CultureInfo.InvariantCulture, $"({left} turns left out)"))] : (Message[])[], .. turns.Skip(left).SelectMany(Shown)];
        return response with { Content = Conversation.Response(shown, turn => ToolTurns.Text(shown, turn)), Turns = shown };
    }

    private IEnumerable<Message> Shown(Message turn)
    {
        if (Reasoning && !string.IsNullOrWhiteSpace(turn.Reasoning))
        {
            yield return new Message(ToolTurns.Thoughts, turn.Reasoning);
        }

        if (turn.Role is not ("tool" or "function") || !(turn.Content.Length > ToolResult))
        {
            yield return turn;
            yield break;
        }

        int head = ToolResult.Value - (ToolResult.Value / 2);
        int tail = ToolResult.Value / 2;
        string mark = string.Create(CultureInfo.InvariantCulture, $"({turn.Content.Length - head - tail} characters left out)");
        yield return turn with { Content = ToolResult == 0 ? mark : $"{turn.Content[..head]}\n{mark}\n{turn.Content[^tail..]}" };
    }

    private bool IsCut(Message turn) => (Reasoning && turn.Reasoning is not null) || (turn.Role is "tool" or "function" && turn.Content.Length > ToolResult);

    private sealed record Viewed(TrajectoryView By, Rollout Rollout);
}
