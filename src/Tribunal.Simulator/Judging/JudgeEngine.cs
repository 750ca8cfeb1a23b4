using System.Globalization;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Protocols.Declared;
using Tribunal.Rollouts;

namespace Tribunal.Simulator.Judging;

/// <summary>
/// The simulated judge itself: a pure function of the request and the options, the same in every process and behind every
/// transport. See <see cref="NoiseModel"/> for what its judgements know. Safe for concurrent use.
/// </summary>
public sealed class JudgeEngine
{
    private const string TraceMark = "(trace ";
    private const int TraceDigits = 16;
    private const double RewardScale = 2;

    // How the prompts of the grammars in code begin: who judges by one pays nothing for the catalog, which takes a moment to read.
    private static readonly Lazy<string[]> InCode = new(static () => [.. ProtocolCatalog.Variants.Select(static variant => Opening(ProtocolCatalog.TemplateOf(variant)))]);
    private static readonly Lazy<DeclaredPrompt[]> Catalog = new(static () => [.. DeclaredCatalog.Names.Select(static name => new DeclaredPrompt(DeclaredCatalog.Of(name)))]);

    private readonly SimulatedJudgeOptions _options;
    private readonly Lock _learning = new();
    private volatile DeclaredPrompt[] _own;

    /// <summary>An engine.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public JudgeEngine(SimulatedJudgeOptions? options = null)
    {
        _options = options ?? new SimulatedJudgeOptions();
        _options.Validate();
        _own = [.. _options.Protocols.Select(static protocol => new DeclaredPrompt(protocol))];
    }

    /// <summary>Learns to answer by a protocol file that is none of the catalog.</summary>
    /// <returns>Why it can't; null where it can.</returns>
    public string? Learn(IProtocol protocol)
    {
        if (protocol is not DeclaredProtocol declared || (DeclaredCatalog.Contains(declared.Name) && ReferenceEquals(DeclaredCatalog.Of(declared.Name).Definition, declared.Definition)))
        {
            return null;
        }

        lock (_learning)
        {
            string key = DeclaredPrompt.KeyOf(declared);
            if (Array.Exists(_own, known => known.Key == key))
            {
                return null;
            }

            if (WhyNot(declared) is { } why)
            {
                return why;
            }

            _own = [.. _own, new DeclaredPrompt(declared)];
            return null;
        }
    }

    /// <summary>Why the judge can't answer by a protocol; null where it can.</summary>
    public static string? WhyNot(IProtocol protocol)
    {
        ArgumentNullException.ThrowIfNull(protocol);
        return protocol is DeclaredProtocol declared ? new DeclaredAnswers(declared).WhyNot : null;
    }

    /// <summary>A response's latent quality: standard normal, from its trimmed text and the seed.</summary>
    public double Quality(string response)
    {
        ArgumentNullException.ThrowIfNull(response);
        return Quality(TextHash(response));
    }

    /// <summary>Names the judgement that a request asks for.</summary>
    public ulong KeyOf(SimulatedRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        ulong key = StableHash.Of((ulong)_options.Seed, [request.Model, .. request.Messages.SelectMany(static message => (string[])[message.Role, message.Content])]);
        if (request.Temperature > 0)
        {
            key = StableHash.Mix(StableHash.Mix(key, BitConverter.DoubleToUInt64Bits(request.Temperature)), (ulong)request.Seed);
        }

        return key;
    }

    /// <summary>Why the request can't be answered at all, in vLLM's words; null when it can.</summary>
    public string? WhyNot(SimulatedRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        int input = TokenCount.Of(request.Messages);
        return input + (long)(request.MaxTokens ?? 0) <= _options.ContextTokens
            ? null
            : $"This model's maximum context length is {_options.ContextTokens} tokens. However, you requested {input + (long)(request.MaxTokens ?? 0)} tokens ({input} in the messages, {request.MaxTokens ?? 0} in the completion).";
    }

    /// <summary>Judges. The same request always gets the same answer.</summary>
    public SimulatedAnswer Answer(SimulatedRequest request) => Answer(request, KeyOf(request));

    /// <summary>Whether a prompt is one of a protocol that reads the probabilities of an answer's tokens.</summary>
    internal bool ReadsProbabilities(IReadOnlyList<Message> messages) => ReadPrompt.Of(messages, Declared(messages).Where(static one => one.ReadsProbabilities)).Declared is not null;

    /// <summary>The meta reward of a text that holds a critique of this judge: a logit, higher is more trustworthy.</summary>
    /// <remarks>
    /// The critique's last trace names the judgement, and with it the soundness. A text without one, of another judge, gets
    /// noise of the same spread: this model knows nothing about it.
    /// </remarks>
    public double MetaReward(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        NoiseModel noise = _options.Noise;
        if (Trace(text) is { } key)
        {
            var seen = new SeededRandom(StableHash.Mix(key, Salt.Meta));
            return (noise.MetaGain * (Soundness(key) - 0.5)) + (noise.MetaNoise * seen.NextNormal());
        }

        var unseen = new SeededRandom(StableHash.Of((ulong)_options.Seed, "meta", text));
        return (noise.MetaGain * (unseen.NextDouble() - 0.5)) + (noise.MetaNoise * unseen.NextNormal());
    }

    /// <summary>
    /// The reward of a conversation or text by a scalar model, a logit: of its last response where it is what a classic reward model is
    /// shown, and a meta reward where it holds a critique.
    /// </summary>
    public double Reward(string model, IReadOnlyList<Message> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        string text = string.Join('\n', messages.Select(static message => message.Content));
        if (Trace(text) is null && ResponseOf(messages) is { } response)
        {
            var request = new SimulatedRequest { Model = model, Messages = messages, Temperature = 0 };
            return RewardScale * Perceive(new ReadPrompt(Grammar.Declared, [response], Reasoning: false), request, KeyOf(request))[0];
        }

        return MetaReward(text);
    }

    private string? ResponseOf(IReadOnlyList<Message> messages) => messages switch
    {
        [{ Content: var opening }, ..] when opening.StartsWith(MetaText.Opening, StringComparison.Ordinal) => null,
        [_, .., { Role: "assistant", Content: var response }] => response,
        [{ Role: "user" }] => Declared(messages).Where(static one => one.Scalar).Select(one => one.In(messages)).FirstOrDefault(static shown => shown is not null)?.Responses[^1],
        _ => null,
    };

    /// <summary>A logit as a probability.</summary>
    public static double Sigmoid(double logit) => 1 / (1 + Math.Exp(-logit));

    internal SimulatedAnswer Answer(SimulatedRequest request, ulong key)
    {
        ArgumentNullException.ThrowIfNull(request);
        ReadPrompt prompt = ReadPrompt.Of(request.Messages, Declared(request.Messages).Where(static one => !one.Scalar));
        int input = TokenCount.Of(request.Messages);
        if (prompt.Grammar == Grammar.None)
        {
            return Cut(new SimulatedAnswer
            {
                Text = "I am a simulated judge. Show me responses in the grammar of grm, rm-r1 or rrm, and I will judge them.",
                Finish = "stop",
                Usage = new Usage(input, 0),
                Kind = AnswerKind.Chat,
                Key = key,
            }, request.MaxTokens);
        }

        AnswerFaults faults = _options.Faults;
        var content = new SeededRandom(StableHash.Mix(key, Salt.AnswerFault));
        double roll = content.NextDouble();
        if (roll < faults.Refusals)
        {
            return Cut(Refuse(key, input, content.Next(3)), request.MaxTokens);
        }

        bool garbage = roll < faults.Refusals + faults.Garbage;
        SimulatedAnswer answer = Write(prompt, Perceive(prompt, request, key), key, garbage, input);
        var cut = new SeededRandom(StableHash.Mix(StableHash.Mix(key, Salt.Truncation), (ulong)(request.MaxTokens ?? 0)));
        if (cut.NextDouble() < faults.Truncations)
        {
            int whole = TokenCount.Of(answer.Reasoning) + TokenCount.Of(answer.Text);
            int budget = Math.Max(1, (int)(whole * (0.3 + (0.6 * cut.NextDouble()))));
            return Cut(answer, Math.Min(budget, request.MaxTokens ?? budget));
        }

        return Cut(answer, request.MaxTokens);
    }

    // A file of the user's comes before the catalog, whose prompts its own may be a copy of.
    private IEnumerable<DeclaredPrompt> Declared(IReadOnlyList<Message> messages) =>
        messages.Count == 0 || Array.Exists(InCode.Value, opening => messages[0].Content.StartsWith(opening, StringComparison.Ordinal)) ? _own : _own.Concat(Catalog.Value);

    private static string Opening(string template)
    {
        const int Enough = 100;
        string text = template[(template.IndexOf('\n', StringComparison.Ordinal) + 1)..];
        return text[..Math.Min(Enough, text.Length)];
    }

    private double? Care(ulong key)
    {
        NoiseModel noise = _options.Noise;
        return noise.Cue == 0 ? null : Sigmoid((noise.Cue * (Soundness(key) - 0.5)) + (noise.CueNoise * new SeededRandom(StableHash.Mix(key, Salt.Cue)).NextNormal()));
    }

    private static double Soundness(ulong key) => new SeededRandom(StableHash.Mix(key, Salt.Soundness)).NextDouble();

    private static ulong? Trace(string text)
    {
        int at = text.LastIndexOf(TraceMark, StringComparison.Ordinal);
        if (at < 0 || at + TraceMark.Length + TraceDigits >= text.Length || text[at + TraceMark.Length + TraceDigits] != ')')
        {
            return null;
        }

        return ulong.TryParse(text.AsSpan(at + TraceMark.Length, TraceDigits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong key) ? key : null;
    }

    private static SimulatedAnswer Refuse(ulong key, int input, int way)
    {
        const string Words = "I'm sorry, but I can't help with judging this conversation.";
        return new SimulatedAnswer
        {
            Text = way == 0 ? Words : "",
            Refusal = way == 1 ? Words : null,
            Finish = way == 2 ? "content_filter" : "stop",
            Usage = new Usage(input, way == 1 ? TokenCount.Of(Words) : 0),
            Kind = AnswerKind.Refused,
            Key = key,
        };
    }

    /// <summary>Applies the budget, the thinking first, and counts what is left.</summary>
    private static SimulatedAnswer Cut(SimulatedAnswer answer, int? budget)
    {
        int thinking = TokenCount.Of(answer.Reasoning);
        int speaking = TokenCount.Of(answer.Text);
        int whole = thinking + speaking + (answer.Refusal is null ? 0 : TokenCount.Of(answer.Refusal));
        if (budget is not { } most || whole <= most)
        {
            return answer with { Usage = answer.Usage with { Output = whole } };
        }

        if (answer.Refusal is not null)
        {
            answer = answer with { Text = answer.Refusal, Refusal = null };
            thinking = 0;
        }

        int left = Math.Max(0, most - thinking);
        return answer with
        {
            Reasoning = answer.Reasoning is null ? null : TokenCount.Take(answer.Reasoning, most),
            Text = TokenCount.Take(answer.Text, left),
            Finish = "length",
            Kind = AnswerKind.Truncated,
            Usage = answer.Usage with { Output = most },
        };
    }

    private double[] Perceive(ReadPrompt prompt, SimulatedRequest request, ulong key)
    {
        NoiseModel noise = _options.Noise;
        double unsound = 1 - Soundness(key);
        double error = noise.Floor + (noise.Slope * unsound * unsound);
        double own = noise.Noise * (0.6 + (0.8 * Math.Clamp(request.Temperature, 0, 2)));
        ulong model = StableHash.Of((ulong)_options.Seed, "bias", request.Model);
        var sample = new SeededRandom(StableHash.Mix(key, Salt.Sample));
        IReadOnlyList<string> responses = prompt.Responses;
        var perceived = new double[responses.Count];
        for (int i = 0; i < perceived.Length; i++)
        {
            ulong text = TextHash(responses[i]);
            double bias = new SeededRandom(StableHash.Mix(model, text)).NextNormal();
            double place = perceived.Length == 1 ? 0 : 0.5 - ((double)i / (perceived.Length - 1));
            perceived[i] = Quality(text) + (error * ((noise.Bias * bias) + (own * sample.NextNormal()))) + (noise.Position * place) + (i == prompt.Hint ? noise.Hint : 0);
        }

        return perceived;
    }

    private SimulatedAnswer Write(ReadPrompt prompt, double[] perceived, ulong key, bool garbage, int input)
    {
        var writer = new AnswerWriter(StableHash.Mix(key, Salt.Words), _options.MinTokens, _options.MaxTokens, Care(key));
        (string? reasoning, string text) = writer.Write(prompt, perceived, $"{TraceMark}{key:x16})", garbage);
        return new SimulatedAnswer
        {
            Text = text,
            Reasoning = reasoning,
            Tokens = writer.Tokens,
            Finish = "stop",
            Usage = new Usage(input, 0),
            Kind = garbage ? AnswerKind.Garbage : AnswerKind.Verdict,
            Key = key,
        };
    }

    private ulong TextHash(string response) =>
        StableHash.Of((ulong)_options.Seed, "quality", response.ReplaceLineEndings("\n").Trim());

    private static double Quality(ulong text) => new SeededRandom(text).NextNormal();

    /// <summary>Keeps the streams that derive from one judgement apart.</summary>
    private static class Salt
    {
        public const ulong Soundness = 1;
        public const ulong Sample = 2;
        public const ulong Words = 3;
        public const ulong Meta = 4;
        public const ulong AnswerFault = 5;
        public const ulong Truncation = 6;
        public const ulong Cue = 7;
    }
}
