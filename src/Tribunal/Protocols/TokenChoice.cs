namespace Tribunal.Protocols;

/// <summary>A token that a judge wrote, and what else it might have written there.</summary>
/// <param name="Token">The token, as the server spells it.</param>
/// <param name="LogProb">Its log-probability, at most 0; negative infinity where the server does not tell it.</param>
/// <param name="Rivals">The likeliest tokens of the place, with their log-probabilities; the chosen one may be among them.</param>
public sealed record TokenChoice(string Token, double LogProb, IReadOnlyList<TokenRival> Rivals);

/// <summary>A token that might stand at a place.</summary>
/// <param name="Token">The token, as the server spells it.</param>
/// <param name="LogProb">Its log-probability, at most 0.</param>
public readonly record struct TokenRival(string Token, double LogProb);
