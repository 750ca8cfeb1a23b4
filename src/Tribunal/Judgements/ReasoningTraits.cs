namespace Tribunal.Judgements;

/// <summary>
/// What the words of one judgement look like, in figures: how long, how ordered, how sure of itself. Read once while the text is
/// at hand, so that a ledger's texts need not stay in memory. Words are counted in lower case; the phrases are English.
/// </summary>
public sealed class ReasoningTraits
{
    /// <summary>Names, in the order of <see cref="Values"/>.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["length", "thinking", "sentence", "structure", "criteria", "hedging", "certainty", "checking", "reasons", "repetition", "quoting", "figures"];

    private const int Length = 0;
    private const int Thinking = 1;
    private const int Sentence = 2;
    private const int Structure = 3;
    private const int CriteriaCount = 4;
    private const int Hedging = 5;
    private const int Certainty = 6;
    private const int Checking = 7;
    private const int Reasons = 8;
    private const int Repetition = 9;
    private const int Quoting = 10;
    private const int Figures = 11;

    private const int MaxWords = 20_000;

    private static readonly Dictionary<string, int> Lexicon = Words(
        (Hedging, "perhaps maybe possibly probably presumably arguably somewhat might may could seems seem seemed appears appear unsure uncertain unclear doubtful guess hesitant likely"),
        (Certainty, "clearly certainly definitely obviously undoubtedly surely always never completely entirely absolutely perfectly"),
        (Checking, "check checks checked checking verify verifies verified verifying recheck confirm confirms confirmed confirming recalculate substitute test tested compare compared"),
        (Reasons, "because therefore since thus hence so however although whereas while but"),
        (CriteriaCount, "criterion criteria rubric principle principles weight weights"));

    private readonly float[] _values;

    private ReasoningTraits(float[] values) => _values = values;

    /// <summary>Those of no words.</summary>
    public static ReasoningTraits None { get; } = new(new float[Names.Count]);

    /// <summary>
    /// As <see cref="Names"/>: ln(1 + words); share of words in the thinking, 0..1; ln(1 + words per sentence); list items and headings,
    /// hedges, words of certainty, of checking and of reasoning, and quotations, each per 100 words; ln(1 + stated criteria); share of
    /// three-word runs seen before, 0..1; share of words with a digit, 0..1.
    /// </summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>Reads the words of a judgement.</summary>
    /// <param name="reasoning">Thinking kept apart; may be null.</param>
    /// <param name="text">The answer; may be null. Thinking inside it, before <c>&lt;/think&gt;</c>, counts as thinking.</param>
    public static ReasoningTraits Of(string? reasoning, string? text)
    {
        ReadOnlySpan<char> thought = reasoning;
        ReadOnlySpan<char> answer = text;
        if (answer.IndexOf("</think>", StringComparison.Ordinal) is var end and >= 0)
        {
            thought = thought.IsEmpty ? answer[..end] : thought;
            answer = answer[(end + "</think>".Length)..];
        }

        var sums = new Sums();
        sums.Read(thought);
        int thinking = sums.Words;
        sums.Read(answer);
        return new ReasoningTraits(sums.Values(thinking));
    }

    private static Dictionary<string, int> Words(params ReadOnlySpan<(int Trait, string Words)> groups)
    {
        var lexicon = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach ((int trait, string words) in groups)
        {
            foreach (string word in words.Split(' '))
            {
                lexicon.Add(word, trait);
            }
        }

        return lexicon;
    }

    private sealed class Sums
    {
        private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lexicon = Lexicon.GetAlternateLookup<ReadOnlySpan<char>>();
        private readonly HashSet<ulong> _runs = [];
        private readonly int[] _counts = new int[Names.Count];
        private int _repeated;
        private int _runCount;
        private int _sentences;
        private ulong _last;
        private ulong _beforeLast;

        public int Words { get; private set; }

        public void Read(ReadOnlySpan<char> text)
        {
            Span<char> word = stackalloc char[32];
            int length = 0;
            bool digit = false;
            bool lineStart = true;
            bool numbered = false;
            for (int i = 0; i <= text.Length && Words < MaxWords; i++)
            {
                char c = i < text.Length ? text[i] : '\n';
                if (char.IsLetterOrDigit(c) || (c == '\'' && length > 0))
                {
                    if (lineStart && char.IsAsciiDigit(c) && i + 1 < text.Length && text[i + 1] is '.' or ')')
                    {
                        _counts[Structure]++;
                        numbered = true;
                    }

                    digit |= char.IsDigit(c);
                    if (length < word.Length)
                    {
                        word[length] = char.ToLowerInvariant(c);
                    }

                    length++;
                    lineStart = false;
                    continue;
                }

                if (length > 0)
                {
                    Add(word[..Math.Min(length, word.Length)], digit);
                    length = 0;
                    digit = false;
                }

                switch (c)
                {
                    case '\n':
                        lineStart = true;
                        numbered = false;
                        break;
                    case '.' when numbered:
                        numbered = false;
                        break;
                    case '.' or '!' or '?' when i + 1 >= text.Length || char.IsWhiteSpace(text[i + 1]):
                        _sentences++;
                        break;
                    case '-' or '*' or '#' or '<' when lineStart:
                        _counts[Structure]++;
                        lineStart = false;
                        break;
                    case '"' or '“':
                        _counts[Quoting]++;
                        break;
                    case '%':
                        _counts[CriteriaCount]++;
                        break;
                }
            }
        }

        public float[] Values(int thinking)
        {
            float[] values = new float[Names.Count];
            double hundred = Math.Max(1, Words) / 100.0;
            values[Length] = (float)Math.Log(1 + Words);
            values[Thinking] = Words == 0 ? 0 : (float)thinking / Words;
            values[Sentence] = (float)Math.Log(1 + ((double)Words / Math.Max(1, _sentences)));
            foreach (int trait in (ReadOnlySpan<int>)[Structure, Hedging, Certainty, Checking, Reasons, Quoting])
            {
                values[trait] = (float)(_counts[trait] / hundred);
            }

            values[CriteriaCount] = (float)Math.Log(1 + _counts[CriteriaCount]);
            values[Repetition] = _runCount == 0 ? 0 : (float)_repeated / _runCount;
            values[Figures] = Words == 0 ? 0 : (float)_counts[Figures] / Words;
            return values;
        }

        private void Add(ReadOnlySpan<char> word, bool digit)
        {
            Words++;
            _counts[Figures] += digit ? 1 : 0;
            if (_lexicon.TryGetValue(word, out int trait))
            {
                _counts[trait]++;
            }

            ulong hash = Hash(word);
            if (Words > 2)
            {
                _runCount++;
                _repeated += _runs.Add(Rollouts.StableHash.Mix(Rollouts.StableHash.Mix(_beforeLast, _last), hash)) ? 0 : 1;
            }

            _beforeLast = _last;
            _last = hash;
        }

        // FNV-1a: a name for a word inside this text, no more.
        private static ulong Hash(ReadOnlySpan<char> word)
        {
            ulong hash = 14695981039346656037;
            foreach (char c in word)
            {
                hash = (hash ^ c) * 1099511628211;
            }

            return hash;
        }
    }
}
