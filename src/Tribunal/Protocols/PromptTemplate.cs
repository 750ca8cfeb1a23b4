using System.Text.RegularExpressions;

namespace Tribunal.Protocols;

/// <summary>A prompt template can't be used; the message lists everything that is wrong with it.</summary>
public sealed class PromptTemplateException(string message) : Exception(message);

/// <summary>
/// A prompt as a text file. Lines <c>=== system ===</c> and <c>=== user ===</c> start its sections (a text without them is
/// one user section), <c>{{name}}</c> is a placeholder, and <c>{{#reference}}…{{/reference}}</c> stays only where the
/// rollout has a reference answer; <c>{{#single-turn}}</c> and <c>{{#multi-turn}}</c> likewise by the rollout's prompt.
/// Blocks don't nest. <c>{{end}}</c> stands for nothing and keeps the line breaks before it, which a section loses at its ends
/// otherwise. What is filled in is never looked at for placeholders again.
/// </summary>
internal sealed partial class PromptTemplate
{
    /// <summary>The largest template accepted, in characters.</summary>
    public const int MaxLength = 1 << 20;

    private static readonly string[] Conditions = ["reference", "single-turn", "multi-turn"];

    private readonly List<Section> _sections;

    private PromptTemplate(List<Section> sections) => _sections = sections;

    /// <summary>Reads and checks a template.</summary>
    /// <param name="known">Every placeholder that the protocol fills.</param>
    /// <param name="required">
    /// What must be shown for every rollout: each entry is met by any of its alternatives, a set of placeholders each.
    /// </param>
    /// <exception cref="PromptTemplateException">Sections, blocks or placeholders are unknown, missing or unbalanced.</exception>
    internal static PromptTemplate Parse(string text, IReadOnlyCollection<string> known, IReadOnlyList<RequiredPlaceholder> required)
    {
        if (text.Length > MaxLength)
        {
            throw new PromptTemplateException($"the template has {text.Length} characters; at most {MaxLength} are accepted");
        }

        var errors = new List<string>();
        List<Section> sections = [.. Split(text, errors).Select(s => new Section(s.Role, Segments(s.Text, known, errors)))];
        if (errors.Count == 0 && !sections.Exists(static s => s.Role == "user"))
        {
            errors.Add("there is no user section");
        }

        if (errors.Count == 0)
        {
            CheckRequired(sections, required, errors);
        }

        return errors.Count == 0 ? new PromptTemplate(sections) : throw new PromptTemplateException(string.Join("; ", errors));
    }

    /// <summary>Fills the template.</summary>
    /// <param name="value">The pieces of what a placeholder is filled with, null for nothing; asked only for those that are shown.</param>
    /// <param name="hasReference">Whether reference blocks stay.</param>
    /// <param name="multiTurn">Whether multi-turn blocks stay, or single-turn blocks.</param>
    internal List<Rollouts.Message> Fill(Func<string, string[]?> value, bool hasReference, bool multiTurn)
    {
        return [.. _sections.Select(section => new Rollouts.Message(section.Role, Text(section)))];

        // One copy of what may be megabytes, where a growing builder makes several.
        string Text(Section section)
        {
            return string.Concat(section.Segments.Where(segment => Stays(segment.Condition, hasReference, multiTurn)).SelectMany(segment => segment.IsPlaceholder ? value(segment.Text) ?? [] : [segment.Text]).ToArray());
        }
    }

    private static bool Stays(string? condition, bool hasReference, bool multiTurn) => condition switch
    {
        null => true,
        "reference" => hasReference,
        "multi-turn" => multiTurn,
        _ => !multiTurn,
    };

    private static List<(string Role, string Text)> Split(string text, List<string> errors)
    {
        text = text.ReplaceLineEndings("\n").TrimStart('\uFEFF');
        MatchCollection headers = SectionHeader().Matches(text);
        if (headers.Count == 0)
        {
            return [("user", text.Trim('\n'))];
        }

        if (!string.IsNullOrWhiteSpace(text[..headers[0].Index]))
        {
            errors.Add("there is text before the first section");
        }

        var sections = new List<(string Role, string Text)>();
        for (int i = 0; i < headers.Count; i++)
        {
            string role = headers[i].Groups["role"].Value.ToLowerInvariant();
            if (role is not ("system" or "user"))
            {
                errors.Add($"unknown section '{role}' (known: system, user)");
            }
            else if (sections.Exists(s => s.Role == role))
            {
                errors.Add($"the {role} section stands twice");
            }

            int start = headers[i].Index + headers[i].Length;
            int end = i + 1 < headers.Count ? headers[i + 1].Index : text.Length;
            sections.Add((role, text[start..end].Trim('\n')));
        }

        if (sections is [{ Role: "user" }, { Role: "system" }])
        {
            errors.Add("the system section comes before the user section");
        }

        return sections;
    }

    private static List<Segment> Segments(string text, IReadOnlyCollection<string> known, List<string> errors)
    {
        var segments = new List<Segment>();
        string? block = null;
        int at = 0;
        foreach (Match match in Tag().Matches(text))
        {
            Literal(match.Index);
            at = match.Index + match.Length;
            string name = match.Groups["name"].Value;
            switch (match.Groups["kind"].Value)
            {
                case "#" when !Conditions.Contains(name, StringComparer.Ordinal):
                    errors.Add($"unknown block {{{{#{name}}}}} (known: {string.Join(", ", Conditions)})");
                    break;
                case "#" when block is not null:
                    errors.Add($"block {{{{#{name}}}}} inside {{{{#{block}}}}}: blocks don't nest");
                    break;
                case "#":
                    block = name;
                    break;
                case "/" when block != name:
                    errors.Add($"{{{{/{name}}}}} closes nothing");
                    break;
                case "/":
                    block = null;
                    break;
                case "" when name == "end":
                    break;
                default:
                    if (!known.Contains(name))
                    {
                        errors.Add($"unknown placeholder {{{{{name}}}}} (known: {string.Join(", ", known)})");
                    }

                    segments.Add(new Segment(name, IsPlaceholder: true, block));
                    break;
            }
        }

        Literal(text.Length);
        if (block is not null)
        {
            errors.Add($"block {{{{#{block}}}}} is never closed");
        }

        return segments;

        void Literal(int end)
        {
            if (end > at)
            {
                segments.Add(new Segment(text[at..end], IsPlaceholder: false, block));
            }
        }
    }

    private static void CheckRequired(List<Section> sections, IReadOnlyList<RequiredPlaceholder> required, List<string> errors)
    {
        foreach (RequiredPlaceholder need in required)
        {
            foreach (bool multiTurn in (bool[])[false, true])
            {
                // What stands in a reference block is not shown for every rollout, so it doesn't count.
                var shown = sections.SelectMany(static s => s.Segments)
                    .Where(s => s.IsPlaceholder && Stays(s.Condition, hasReference: false, multiTurn))
                    .Select(static s => s.Text)
                    .ToHashSet(StringComparer.Ordinal);
                if (!need.Alternatives.Any(alternative => alternative.All(shown.Contains)))
                {
                    errors.Add($"{{{{{need.Name}}}}} is missing{(sections.Exists(static s => s.Segments.Exists(static g => g.Condition is not (null or "reference"))) ? multiTurn ? " for prompts of several turns" : " for prompts of one turn" : "")}");
                    break;
                }
            }
        }
    }

    // A block's own line break goes with it, so that a block that is left out leaves no blank line.
    [GeneratedRegex(@"\{\{(?<kind>[#/]?)(?<name>[A-Za-z][A-Za-z0-9_-]*)\}\}(?:(?<=\{\{[#/][^}]*\}\})\n)?")]
    private static partial Regex Tag();

    [GeneratedRegex(@"^===[ \t]*(?<role>\w+)[ \t]*===[ \t]*$", RegexOptions.Multiline)]
    private static partial Regex SectionHeader();

    private sealed record Section(string Role, List<Segment> Segments);

    private sealed record Segment(string Text, bool IsPlaceholder, string? Condition);
}

/// <summary>A placeholder that a template must show, by itself or through others that contain it.</summary>
internal sealed record RequiredPlaceholder(string Name, params string[][] Alternatives)
{
    public static RequiredPlaceholder Only(string name) => new(name, [name]);
}
