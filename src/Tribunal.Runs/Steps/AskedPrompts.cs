using System.Runtime.CompilerServices;
using Tribunal.Protocols;
using Tribunal.Rollouts;

namespace Tribunal.Runs.Steps;

/// <summary>
/// The prompts that are being asked. Samples of a rollout that show it in the same order share one, so that it is composed, and written for the
/// wire, once (docs/speed.md: otherwise the largest part of what a long prompt costs). A prompt is kept for as long as a sample holds it.
/// </summary>
internal sealed class AskedPrompts
{
    private static readonly ConditionalWeakTable<Rollout, AskedPrompts> Known = [];
    private readonly Lock _lock = new();
    private readonly List<Asked> _asked = [];

    /// <summary>The prompt of a rollout, as its judge is shown it, in this order.</summary>
    public static JudgePrompt Of(IProtocol protocol, Rollout rollout, IReadOnlyList<int> order) =>
        Known.GetValue(rollout, static _ => new AskedPrompts()).Share(protocol, rollout, order);

    private JudgePrompt Share(IProtocol protocol, Rollout rollout, IReadOnlyList<int> order)
    {
        lock (_lock)
        {
            foreach (Asked asked in _asked)
            {
                if (asked.Protocol == protocol && asked.Order.SequenceEqual(order) && asked.Prompt.TryGetTarget(out JudgePrompt? known))
                {
                    return known;
                }
            }

            JudgePrompt prompt = protocol.Compose(rollout, order);
            _asked.RemoveAll(static asked => !asked.Prompt.TryGetTarget(out _));
            _asked.Add(new Asked(protocol, order, new WeakReference<JudgePrompt>(prompt)));
            return prompt;
        }
    }

    private readonly record struct Asked(IProtocol Protocol, IReadOnlyList<int> Order, WeakReference<JudgePrompt> Prompt);
}
