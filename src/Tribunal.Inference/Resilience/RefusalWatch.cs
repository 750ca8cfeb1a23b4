using System.Text.RegularExpressions;

namespace Tribunal.Inference.Resilience;

/// <summary>
/// An endpoint that has answered nothing yet and refuses one prompt after the other in the same words refuses all of them,
/// whatever its status says: a field that every request has, a combination of settings. Once it has answered, refusals are about
/// what their requests hold. Safe for concurrent use.
/// </summary>
internal sealed partial class RefusalWatch
{
    /// <summary>So many prompts refused in the same words are no accident.</summary>
    public const int Enough = 8;

    private readonly Lock _lock = new();
    private volatile bool _answered;
    private readonly HashSet<long> _prompts = [];
    private string? _words;

    /// <summary>The endpoint answered something.</summary>
    public void Answered() => _answered = true;

    /// <summary>Notes a refusal; whether it is one of all requests.</summary>
    /// <param name="words">The endpoint's words; numbers in them don't count, since they name requests.</param>
    /// <param name="prompt">Tells prompts apart, whatever order they show their responses in.</param>
    public bool IsForAll(string words, long prompt)
    {
        if (_answered)
        {
            return false;
        }

        string without = Numbers().Replace(words, "#");
        lock (_lock)
        {
            if (without != _words)
            {
                _prompts.Clear();
                _words = without;
            }

            _prompts.Add(prompt);
            return _prompts.Count >= Enough;
        }
    }

    [GeneratedRegex(@"\b[0-9a-f-]*[0-9][0-9a-f-]*\b", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Numbers();
}
