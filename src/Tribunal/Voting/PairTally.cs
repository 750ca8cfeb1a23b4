namespace Tribunal.Voting;

/// <summary>Weighted wins and draws between n responses.</summary>
internal sealed class PairTally
{
    private readonly double[] _wins;
    private readonly double[] _draws;

    /// <summary>An empty tally of <paramref name="responses"/> responses, at least 1.</summary>
    public PairTally(int responses)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(responses, 1);
        Responses = responses;
        _wins = new double[responses * responses];
        _draws = new double[responses * responses];
    }

    /// <summary>How many responses are compared.</summary>
    public int Responses { get; }

    /// <summary>The weight of all draws.</summary>
    public double TotalDraws { get; private set; }

    /// <summary>Weight with which i beat j.</summary>
    public double Wins(int i, int j) => _wins[(i * Responses) + j];

    /// <summary>Weight with which i and j drew.</summary>
    public double Draws(int i, int j) => _draws[(i * Responses) + j];

    /// <summary>Adds a win.</summary>
    public void AddWin(int winner, int loser, double weight = 1)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(winner, loser);
        _wins[(winner * Responses) + loser] += weight;
    }

    /// <summary>Adds a draw.</summary>
    public void AddDraw(int i, int j, double weight = 1)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(i, j);
        _draws[(i * Responses) + j] += weight;
        _draws[(j * Responses) + i] += weight;
        TotalDraws += weight;
    }
}
