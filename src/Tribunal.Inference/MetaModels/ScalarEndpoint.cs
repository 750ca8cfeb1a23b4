using System.Diagnostics;
using Tribunal.Inference.Chat;
using Tribunal.Inference.Endpoints;
using Tribunal.Inference.Resilience;
using Tribunal.Inference.Telemetry;
using Tribunal.Protocols;
using Tribunal.Protocols.Declared;

namespace Tribunal.Inference.MetaModels;

/// <summary>
/// A classic reward model as a judge. Conversations go to vLLM's interfaces as <c>messages</c>, so that the server applies the model's
/// own chat template; a prompt of one user message is a text that the model reads as it is, which every interface takes.
/// </summary>
internal sealed class ScalarEndpoint(JudgeEndpointOptions options, EndpointAccess access, EndpointState state)
{
    private static readonly MetaKind[] OfTurns = [MetaKind.VllmClassify, MetaKind.VllmPooling, MetaKind.VllmPoolingTokens];

    private readonly RewardWire _wire = new(access, state.Time);
    private readonly RequestEngine<Rewards> _engine = new(state, options.Timeout, options.Tries);
    private volatile MetaKind _kind;

    /// <summary>The reward of a prompt, written as an answer.</summary>
    /// <exception cref="JudgeException">None came after every try.</exception>
    public async Task<JudgeReply> AskAsync(JudgeQuestion question, CancellationToken cancellationToken)
    {
        MetaKind known = _kind;
        Outcome<Rewards>? last = null;
        IReadOnlyList<MetaKind> kinds = known != MetaKind.Auto ? [known] : question.Messages is [{ Role: "user" }] ? MetaForms.Scalar : OfTurns;
        foreach (MetaKind kind in kinds)
        {
            Outcome<Rewards> outcome = await SendAsync(kind, question, probe: known == MetaKind.Auto, cancellationToken);
            if (outcome.Last is { Ending: Ending.Answered, Value: { } rewards } && rewards.For([question.Messages])[0] is { Reward: { } reward } read)
            {
                _kind = kind;
                return new JudgeReply
                {
                    Text = ScalarText.Of(reward), Finish = "stop", Usage = read.Usage, PromptCut = read.PromptCut, Latency = outcome.Latency, Tries = outcome.Tries,
                };
            }

            // An interface that is not there says nothing of the text: what another one says of it is what happened.
            last = last is { } before && !(IsAbsent(before.Last) && !IsAbsent(outcome.Last)) ? before : outcome;
            if (outcome.Last.Ending is not (Ending.Answered or Ending.Rejected or Ending.Refused or Ending.Malformed))
            {
                break;
            }
        }

        Attempt<Rewards> told = last!.Value.Last;
        JudgeFault fault = told.Ending == Ending.Answered ? JudgeFault.Malformed : told.IsPage && known == MetaKind.Auto ? JudgeFault.Rejected : Faults.Of(told.Ending);
        string absent = IsAbsent(told) && kinds.Count > 1
            ? $"no interface of a reward model answers at {string.Join(", ", kinds.Select(kind => MetaForms.Address(kind, options.Endpoint).AbsolutePath).Distinct(StringComparer.Ordinal))}: "
            : "";
        string form = known == MetaKind.Auto && kinds == OfTurns && told.Ending == Ending.Refused ? " (it was asked about a conversation, which vLLM's interfaces take)" : "";
        string detail = absent + EndpointError.Fit(told.Detail ?? "no reward came back", access.Key) + form;
        InferenceLog.NoAnswer(state.Logger, options.Name, Faults.Word(fault), last.Value.Tries.Requests, detail);
        throw new JudgeException(fault, $"reward model '{options.Name}' at {options.Endpoint}: {(fault == JudgeFault.Malformed ? "no reward came back" : Faults.Words(fault))}: {detail}", last.Value.Tries);
    }

    private static bool IsAbsent(Attempt<Rewards> attempt) => attempt is { Ending: Ending.Rejected, Status: 404 or 405 or 501 };

    private async Task<Outcome<Rewards>> SendAsync(MetaKind kind, JudgeQuestion question, bool probe, CancellationToken cancellationToken)
    {
        var facts = new CallFacts("classify", "tribunal.reward", options.Model, options.Endpoint.Host, options.Endpoint.Port);
        using Activity? activity = InferenceTelemetry.Start(facts);
        ReadOnlyMemory<byte> body = question.Messages is [{ Role: "user", Content: var text }]
            ? MetaForms.Write(kind, options.Model, [text])
            : MetaForms.WriteTurns(kind, options.Model, question.Messages);
        var post = new RewardPost(kind, MetaForms.Address(kind, options.Endpoint), body, 1, probe);
        Outcome<Rewards> outcome = await _engine.SendAsync(static (call, token) => call.Wire.SendOnceAsync(call.Post, token), (Wire: _wire, Post: post), cancellationToken);
        InferenceTelemetry.Ended(
            activity, facts, outcome.Latency, default, null, outcome.Last.Ending == Ending.Answered ? null : Faults.Word(Faults.Of(outcome.Last.Ending)), outcome.Tries);
        return outcome;
    }
}
