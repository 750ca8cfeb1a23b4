using Tribunal.Protocols.Declared;

namespace Tribunal.Simulator.Judging;

/// <summary>
/// How far the simulated judge sees what it judges. For a judgement of soundness s (uniform in [0, 1)) it perceives of
/// response i, shown at position d of n,
/// <code>perceived_i = q_i + g(s) · (Bias · b_i + t(T) · Noise · e_i) + Position · (½ − d/(n − 1)) + Hint · [i is hinted at]</code>
/// where q_i is the latent quality (standard normal, from the response's text and the seed), b_i what misleads every
/// judgement of that response by that model (standard normal, from text, seed and model: errors therefore correlate within
/// a rollout, and voting reaches a plateau), and e_i the sample's own noise (standard normal). g(s) = Floor + Slope·(1 − s)²:
/// an unsound judgement falls for more of both. t(T) = 0.6 + 0.8·T for temperature T. Scores are
/// round(5.5 + 1.8·perceived), kept in 1..10; a pair's winner is the larger perceived value. The meta reward model sees
/// <c>MetaGain·(s − ½) + MetaNoise·e</c>: a part of the soundness.
/// </summary>
/// <remarks>
/// The defaults are fitted to the shape of DeepSeek-GRM's results (arXiv 2504.02495: 67.9 % for one sample, 70.6 for 8,
/// 71.0 for 32, with the meta filter 72.0 and 72.8): a gain from voting that levels off, and one from the filter on top.
/// </remarks>
public sealed record NoiseModel
{
    /// <summary>Standard deviation of what misleads all judgements of a response, in units of quality's; default 0.90.</summary>
    public double Bias { get; init; } = 0.90;

    /// <summary>Standard deviation of a sample's own noise at T = 0.5, in units of quality's; default 0.65.</summary>
    public double Noise { get; init; } = 0.65;

    /// <summary>Advantage of the first position over the last, in units of quality's standard deviation; default 0.</summary>
    public double Position { get; init; }

    /// <summary>
    /// How much better a response seems that the prompt names as the best, in units of quality's standard deviation; default
    /// 2.5: a judgement that strongly sees the contrary stays with it.
    /// </summary>
    public double Hint { get; init; } = 2.5;

    /// <summary>How much of the error remains in a perfectly sound judgement; default 0.75.</summary>
    public double Floor { get; init; } = 0.75;

    /// <summary>How much error the least sound judgement has on top; default 0.8.</summary>
    public double Slope { get; init; } = 0.8;

    /// <summary>How strongly the meta reward follows the soundness, in logits from the least to the most sound; default 4.</summary>
    public double MetaGain { get; init; } = 4;

    /// <summary>Standard deviation of the meta reward's noise, in logits; default 1.2.</summary>
    public double MetaNoise { get; init; } = 1.2;

    /// <summary>
    /// How strongly the words follow the soundness, in logits from the least to the most sound: about every other sentence of the
    /// padding tells care or doubt, care with probability σ(Cue·(s − ½) + CueNoise·e). 0 writes no such sentences. Default 4: before the
    /// few sentences blur it, as much as the meta reward model sees, with noise of its own.
    /// </summary>
    public double Cue { get; init; } = 4;

    /// <summary>Standard deviation of the cue's noise, in logits; default 1.2.</summary>
    public double CueNoise { get; init; } = 1.2;
}

/// <summary>Answers that hold no verdict, each by probability. Decided by the request itself: the same one always gets the same.</summary>
public sealed record AnswerFaults
{
    /// <summary>Probability of an answer whose verdict is missing, contradictory, out of range or of the wrong length; default 0.</summary>
    public double Garbage { get; init; }

    /// <summary>Probability of a refusal (said in the text, in <c>refusal</c>, or by a content filter); default 0.</summary>
    public double Refusals { get; init; }

    /// <summary>
    /// Probability that the answer is cut off with <c>finish_reason</c> <c>length</c> although it would have fitted; default
    /// 0. It depends on the token budget as well, so the same question with a larger one may pass.
    /// </summary>
    public double Truncations { get; init; }
}

/// <summary>A simulated judge.</summary>
public sealed record SimulatedJudgeOptions
{
    /// <summary>The name of the judge that is used when none is asked for; what misleads a judge depends on its name.</summary>
    public const string DefaultModel = "simulated-judge";

    /// <summary>Decides latent qualities and all noise. A batch's <c>best</c> agrees with the judge when both have the same; default 1.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>How far the judge sees what it judges.</summary>
    public NoiseModel Noise { get; init; } = new();

    /// <summary>Answers without a verdict; none by default.</summary>
    public AnswerFaults Faults { get; init; } = new();

    /// <summary>The shortest answer aimed at, in tokens, thinking included; default 200.</summary>
    public int MinTokens { get; init; } = 200;

    /// <summary>The longest answer aimed at, in tokens, thinking included; many responses can make it longer; default 380.</summary>
    public int MaxTokens { get; init; } = 380;

    /// <summary>The context window in tokens; a larger prompt is refused with 400 as vLLM does; default 131,072.</summary>
    public int ContextTokens { get; init; } = 131_072;

    /// <summary>Protocol files beside those of the catalog whose prompts it answers; none by default.</summary>
    public IReadOnlyList<DeclaredProtocol> Protocols { get; init; } = [];

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentException">A value is out of range, or a protocol can't be answered by; the message says which.</exception>
    public void Validate()
    {
        if (Protocols.Select(JudgeEngine.WhyNot).FirstOrDefault(static why => why is not null) is { } why)
        {
            throw new ArgumentException(why);
        }

        Probability(Faults.Garbage, "garbage verdicts");
        Probability(Faults.Refusals, "refusals");
        Probability(Faults.Truncations, "truncations");
        Probability(Faults.Garbage + Faults.Refusals, "garbage verdicts and refusals together");
        AtLeast(Noise.Bias, 0, "bias");
        AtLeast(Noise.Noise, 0, "noise");
        AtLeast(Noise.Floor, 0, "floor");
        AtLeast(Noise.Slope, 0, "slope");
        AtLeast(Noise.MetaNoise, 0, "meta noise");
        AtLeast(Noise.Cue, 0, "cue");
        AtLeast(Noise.CueNoise, 0, "cue noise");
        AtLeast(MinTokens, 1, "shortest answer");
        AtLeast(MaxTokens, MinTokens, "longest answer");
        AtLeast(ContextTokens, 1, "context");
        if (!double.IsFinite(Noise.Position) || !double.IsFinite(Noise.MetaGain))
        {
            throw new ArgumentException("position bias and meta gain are finite numbers");
        }
    }

    internal static void Probability(double value, string name)
    {
        if (value is not (>= 0 and <= 1))
        {
            throw new ArgumentException($"{name}: a probability lies in 0..1, not {value}");
        }
    }

    private static void AtLeast(double value, double least, string name)
    {
        if (!(value >= least) || double.IsInfinity(value))
        {
            throw new ArgumentException($"{name}: at least {least}, not {value}");
        }
    }
}
