using System.Runtime.InteropServices;

namespace Tribunal.Viewer.Index;

/// <summary>What is known of a rollout without reading a text: 168 bytes, as they stand in memory and in the index file.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct IndexRow
{
    /// <summary>First byte of its verdict line; −1 for none.</summary>
    public long Verdict;

    /// <summary>First byte of its record in the batch; −1 for none.</summary>
    public long Batch;

    /// <summary>Tokens.</summary>
    public long Input;

    /// <summary>Tokens.</summary>
    public long Output;

    /// <summary>In [0, 1]; NaN for none.</summary>
    public double Confidence;

    /// <summary>In [0, 1]; NaN for none.</summary>
    public double Margin;

    /// <summary>Share of the responses that a label calls best; 0 without one.</summary>
    public double Chance;

    /// <summary>Milliseconds of the judgement that took longest.</summary>
    public double SlowestMs;

    /// <summary>Line of its record, from 1.</summary>
    public long BatchLine;

    public int VerdictLength;
    public int BatchLength;

    /// <summary>Where its id begins among the ids.</summary>
    public int Id;
    public int IdLength;

    /// <summary>How many responses it has; 0 where neither verdict nor batch says.</summary>
    public int Responses;

    /// <summary>The best response; −1 for none.</summary>
    public int Best;

    /// <summary>Number of its domain; −1 for none.</summary>
    public int Domain;

    /// <summary>Number of its first judgement among the places, and how many there are.</summary>
    public int First;
    public int Drawn;
    public int Valid;
    public int Unparsable;
    public int Truncated;
    public int Refused;
    public int Failed;

    /// <summary>Valid judgements that voted.</summary>
    public int Kept;

    /// <summary>Strings made inert.</summary>
    public int Neutralised;

    /// <summary>Judgements matched with one in the opposite order, and of these those that chose another response.</summary>
    public int Matched;
    public int Flipped;

    /// <summary>By the batch's labels: 1 right, 0 wrong, −1 nobody knows.</summary>
    public sbyte Right;

    /// <summary>1 scored, 2 unscorable, 0 no verdict yet.</summary>
    public byte Status;

    public static IndexRow Empty => new() { Verdict = -1, Batch = -1, Confidence = double.NaN, Margin = double.NaN, Best = -1, Domain = -1, Right = -1 };
}

/// <summary>Where a judgement's line is.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct IndexPlace
{
    public long Offset;
    public int Length;
    public int Sample;

    /// <summary>Number of the file.</summary>
    public int File;

    /// <summary>Of a valid judgement of two: the responses shown first and second and the winner, in bytes; −1 for anything else.</summary>
    public int Pair;
}
