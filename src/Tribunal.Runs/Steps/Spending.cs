namespace Tribunal.Runs.Steps;

/// <summary>What of a run's limits is spent or given away, limits that are not set left at 0.</summary>
/// <param name="Tokens">Tokens, input and output together.</param>
/// <param name="Cost">Money, in the price table's currency.</param>
public sealed record Spending(double Tokens, double Cost)
{
    internal static readonly Spending None = new(0, 0);

    /// <summary>The sum.</summary>
    public static Spending operator +(Spending a, Spending b) => new(a.Tokens + b.Tokens, a.Cost + b.Cost);
}
