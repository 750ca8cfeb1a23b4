using System.Globalization;

namespace Tribunal;

/// <summary>What is wrong with one field of a request, of an option or of a setting.</summary>
/// <param name="Field">Its path as requests write it, such as <c>policy.samples</c>; empty where no single field is wrong.</param>
/// <param name="Message">Why, for people; <c>{0}</c>, <c>{1}</c>, … stand for <paramref name="Others"/>.</param>
/// <param name="Others">Other fields that the message speaks of.</param>
public sealed record Problem(string Field, string Message, params IReadOnlyList<string> Others)
{
    /// <summary>The problem below a field, as that of an item of a list.</summary>
    public Problem Below(string field) => this with
    {
        Field = Field.Length == 0 ? field : $"{field}.{Field}",
        Others = [.. Others.Select(other => $"{field}.{other}")],
    };

    /// <summary>The problem in the words of those who name fields otherwise, such as by a command's options.</summary>
    public string In(Func<string, string> nameOf)
    {
        string message = Others.Count == 0 ? Message : string.Format(CultureInfo.InvariantCulture, Message, [.. Others.Select(nameOf)]);
        return Field.Length == 0 ? message : $"{nameOf(Field)}: {message}";
    }

    /// <inheritdoc/>
    public override string ToString() => In(static field => field);

    /// <summary>Several as one sentence.</summary>
    public static string Join(IEnumerable<Problem> problems) => string.Join("; ", problems);
}

/// <summary>Problems as they are found.</summary>
internal sealed class ProblemList : List<Problem>
{
    /// <summary>Adds a problem unless something holds.</summary>
    public void Require(bool holds, string field, string message, params IReadOnlyList<string> others)
    {
        if (!holds)
        {
            Add(new Problem(field, message, others));
        }
    }
}

/// <summary>Options can't be used; each problem names its field.</summary>
public sealed class ProblemsException(IReadOnlyList<Problem> problems, Exception? inner = null) : ArgumentException(Problem.Join(problems), inner)
{
    /// <summary>One at least.</summary>
    public IReadOnlyList<Problem> Problems { get; } = problems;
}
