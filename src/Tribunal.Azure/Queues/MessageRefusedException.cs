namespace Tribunal.Azure.Queues;

/// <summary>
/// A message can't be understood or asks for what is not allowed; trying again can't help. The reason is for people, of
/// bounded length, and without control characters, whatever the message held.
/// </summary>
public sealed class MessageRefusedException : Exception
{
    private const int MaxQuoted = 64;
    private const int MaxReason = 1000;

    /// <summary>A message that can't be understood as a whole.</summary>
    public MessageRefusedException(string reason, Exception? inner = null)
        : this([new Problem("", reason)], inner)
    {
    }

    /// <summary>A message of which fields can't be used.</summary>
    public MessageRefusedException(IReadOnlyList<Problem> problems, Exception? inner = null)
        : base(Shown(Problem.Join(problems)), inner) => Problems = problems;

    /// <summary>One at least, by the fields of requests.</summary>
    public IReadOnlyList<Problem> Problems { get; }

    /// <summary>Whether the message is one of use, but its name is another run's.</summary>
    public bool IsTaken { get; init; }

    /// <summary>A reason that quotes a hostile message, fit to be shown.</summary>
    private static string Shown(string reason) =>
        new([.. reason.Take(MaxReason).Select(static c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)]);

    /// <summary>A piece of a hostile message, fit to be shown.</summary>
    internal static string Quote(string text)
    {
        string shown = new([.. text.Take(MaxQuoted).Select(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '[' or ']' or ' ' ? c : '?')]);
        return text.Length > MaxQuoted ? $"'{shown}…'" : $"'{shown}'";
    }
}
