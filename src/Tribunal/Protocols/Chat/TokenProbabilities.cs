using System.Text.Json;

namespace Tribunal.Protocols.Chat;

/// <summary>
/// The probabilities of a judge's words, by <c>choices[].logprobs.content[].top_logprobs</c> of a chat completion: how they are read out of a
/// body or a chunk of a stream, and what two words come to. The one place that knows them, for judges and for meta reward models;
/// <see cref="RequestFields.TokenProbabilities"/> asks for them.
/// </summary>
public static class TokenProbabilities
{
    /// <summary>The bytes that a token of an answer may take with its rivals, and more than they do.</summary>
    public const int BytesPerToken = 4096;

    // The first token is the verdict of an answer of one word, and the last ones hold that of an answer with reasons before it. All of
    // a long answer's rivals would take more memory than the answer.
    private const int MostKept = 32;
    private const int MostCharacters = 64;

    /// <summary>
    /// The probability of the one kind of words where an answer chooses between two: P(yes) / (P(yes) + P(no)), in [0, 1], at the last
    /// place where the answer chose any of them, and otherwise at its first. All spellings of a word count together: with a space
    /// before it, in capitals.
    /// </summary>
    /// <param name="tokens">The answer's tokens; null where the server gave none.</param>
    /// <param name="yes">Words of the one kind.</param>
    /// <param name="no">Words of the other.</param>
    /// <returns>Null where neither is among the likeliest tokens there.</returns>
    public static double? Of(IReadOnlyList<TokenChoice>? tokens, IReadOnlyCollection<string> yes, IReadOnlyCollection<string> no)
    {
        if (tokens is not { Count: > 0 })
        {
            return null;
        }

        TokenChoice place = Place(tokens, [.. yes, .. no]) ?? tokens[0];
        double first = Mass(place, yes);
        double other = Mass(place, no);
        return first + other > 0 ? first / (first + other) : null;
    }

    /// <summary>The last place where an answer chose any of some words; null where it chose none.</summary>
    /// <param name="tokens">The answer's tokens; null where the server gave none.</param>
    /// <param name="words">The words.</param>
    public static TokenChoice? Place(IReadOnlyList<TokenChoice>? tokens, IReadOnlyCollection<string> words) => tokens?.LastOrDefault(token => Says(token.Token, words));

    /// <summary>The probability of some words at a place, in [0, 1], as far as they are among its likeliest tokens.</summary>
    public static double Mass(TokenChoice place, IReadOnlyCollection<string> words)
    {
        double mass = place.Rivals.Where(rival => Says(rival.Token, words)).Sum(static rival => Probability(rival.LogProb));
        bool listed = place.Rivals.Any(rival => rival.Token == place.Token);
        return Math.Min(1, mass + (!listed && Says(place.Token, words) ? Probability(place.LogProb) : 0));
    }

    /// <summary>Reads the value of a choice's <c>logprobs</c>, on which the reader stands, and adds its tokens.</summary>
    internal static void Read(ref Utf8JsonReader reader, List<TokenChoice> tokens)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool content = reader.ValueTextEquals("content"u8);
            reader.Read();
            if (!content || reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (Token(ref reader) is { } token)
                {
                    tokens.Add(token);
                    if (tokens.Count > MostKept)
                    {
                        tokens.RemoveAt(1);
                    }
                }
            }
        }
    }

    private static TokenChoice? Token(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        string? text = null;
        double? probability = null;
        List<TokenRival> rivals = [];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool token = reader.ValueTextEquals("token"u8);
            bool number = reader.ValueTextEquals("logprob"u8);
            bool others = reader.ValueTextEquals("top_logprobs"u8);
            reader.Read();
            if (token && reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length <= MostCharacters)
            {
                text = reader.GetString();
            }
            else if (number && reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out double value) && double.IsFinite(value))
            {
                probability = value;
            }
            else if (others && reader.TokenType == JsonTokenType.StartArray)
            {
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    if (Token(ref reader) is { LogProb: > double.NegativeInfinity } rival && rivals.Count < RequestFields.MostRivals)
                    {
                        rivals.Add(new TokenRival(rival.Token, rival.LogProb));
                    }
                }
            }
            else
            {
                reader.Skip();
            }
        }

        return text is null ? null : new TokenChoice(text, probability ?? double.NegativeInfinity, rivals);
    }

    /// <summary>Whether a token is one of some words. Vocabularies spell the space before a word in ways of their own.</summary>
    public static bool Says(string token, IReadOnlyCollection<string> words) => words.Contains(token.Trim().TrimStart('Ġ', '▁').Trim(), StringComparer.OrdinalIgnoreCase);

    private static double Probability(double logProb) => Math.Exp(Math.Min(0, logProb));
}
