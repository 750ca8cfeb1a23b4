using Tribunal.Rollouts;

namespace Tribunal.Protocols;

/// <summary>What the pair protocols ask of a rollout.</summary>
internal static class Pairs
{
    /// <summary>Why a pair protocol can't judge the rollout.</summary>
    public static string? WhyNot(string protocol, Rollout rollout) => rollout.Prompt.Count == 0 ? "the prompt has no turn"
            : rollout.Responses.Count == 0 ? "there is no response to score"
            : rollout.Responses.Count == 1 ? $"{protocol} compares two responses and the rollout has one; grm scores a response alone"
            : null;

    /// <summary>Two responses are shown at a time.</summary>
    /// <exception cref="ArgumentException">It isn't two.</exception>
    public static void CheckOrder(IReadOnlyList<int> order)
    {
        if (order.Count != 2)
        {
            throw new ArgumentException($"a pair is shown two responses, not {order.Count}", nameof(order));
        }
    }
}
