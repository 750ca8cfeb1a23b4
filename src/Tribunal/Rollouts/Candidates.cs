namespace Tribunal.Rollouts;

/// <summary>
/// What a vote compares in a rollout: its responses, those of the same text being one candidate, so that equal texts have equal rewards
/// and never meet. Where final answers are read, responses with the same answer are one candidate too, a team
/// (PairJudge, arXiv 2501.13007). Candidates are numbered from 0 in the order of their first responses.
/// </summary>
public sealed class Candidates
{
    private readonly int[] _of;

    // The responses of each candidate, every text once.
    private readonly int[][] _members;

    private Candidates(int[] of, int[][] members)
    {
        _of = of;
        _members = members;
    }

    /// <summary>How many there are, 1 to the number of responses.</summary>
    public int Count => _members.Length;

    /// <summary>How many responses they stand for.</summary>
    public int Responses => _of.Length;

    /// <summary>A response's candidate.</summary>
    public int this[int response] => _of[response];

    /// <summary>The candidates of a rollout.</summary>
    /// <param name="rollout">The rollout.</param>
    /// <param name="answer">Reads a text's final answer, null where it has none; null compares texts alone.</param>
    public static Candidates Of(Rollout rollout, Func<string, string?>? answer = null)
    {
        int n = rollout.Responses.Count;
        int[] of = new int[n];
        var members = new List<List<int>>(n);
        var answers = new List<string?>(n);
        for (int i = 0; i < n; i++)
        {
            Response response = rollout.Responses[i];
            string? own = answer?.Invoke(response.Content);
            int known = 0;
            while (known < members.Count
                && !response.IsSameAs(rollout.Responses[members[known][0]])
                && (own is null || !string.Equals(answers[known], own, StringComparison.Ordinal)))
            {
                known++;
            }

            if (known == members.Count)
            {
                members.Add([]);
                answers.Add(own);
            }

            of[i] = known;
            if (!members[known].Exists(member => response.IsSameAs(rollout.Responses[member])))
            {
                members[known].Add(i);
            }
        }

        return new Candidates(of, [.. members.Select(static m => m.ToArray())]);
    }

    /// <summary>How many responses a candidate stands for.</summary>
    public int Size(int candidate) => _of.Count(own => own == candidate);

    /// <summary>The first response of a candidate.</summary>
    public int First(int candidate) => _members[candidate][0];

    /// <summary>A value per candidate as a value per response.</summary>
    public double[] PerResponse(IReadOnlyList<double> values) => Array.ConvertAll(_of, candidate => values[candidate]);

    /// <summary>Which responses stand for two candidates in a vote, ascending. Texts of a team take turns, two votes each, one per order.</summary>
    internal (int I, int J) Meeting(int a, int b, int vote)
    {
        int i = _members[a][(vote >> 1) % _members[a].Length];
        int j = _members[b][(vote >> 1) % _members[b].Length];
        return i < j ? (i, j) : (j, i);
    }
}
