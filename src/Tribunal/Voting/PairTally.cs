namespace Tribunal.Voting;

/// <summary>Weighted wins and draws between n responses.</summary>
/// <param name="responses">How many responses are compared, at least 1.</param>
internal sealed class PairTally(int responses)
{
    private readonly double[,] _wins = new double[responses, responses];
    private readonly double[,] _draws = new double[responses, responses];

    public int Responses => responses;

    /// <summary>The weight of all draws.</summary>
    public double TotalDraws { get; private set; }

    /// <summary>Weight with which i beat j.</summary>
    public double Wins(int i, int j) => _wins[i, j];

    /// <summary>Weight with which i and j drew.</summary>
    public double Draws(int i, int j) => _draws[i, j];

    /// <summary>Adds a win.</summary>
    public void AddWin(int winner, int loser, double weight = 1) => _wins[winner, loser] += weight;

    /// <summary>Adds a draw.</summary>
    public void AddDraw(int i, int j, double weight = 1)
    {
        _draws[i, j] += weight;
        _draws[j, i] += weight;
        TotalDraws += weight;
    }
}
