using System.Text.RegularExpressions;

namespace Tribunal.Cli.Output;

/// <summary>What to change where judgements have no verdict, by the words of the reason.</summary>
internal static partial class ReasonAdvice
{
    private static readonly (Regex Words, string Advice)[] Known =
    [
        (Filtered(), "the endpoint's own filter decides this: score such rollouts with another endpoint, or change its filter settings"),
        (Reasoning(), "the server's reasoning parser takes the whole answer for thinking: start it without one (vLLM: without --reasoning-parser) for a judge that doesn't think"),
        (NoThinking(), "start the server with the model's reasoning parser, or choose a protocol for judges that don't think"),
        (Unended(), "the server's streams don't say how an answer ended: ask for whole answers with --stream off"),
        (GaveUp(), "a proxy in between gives up waiting: --stream on keeps the connection busy; else raise the proxy's time limit or lower --concurrency"),
        (Credit(), "the account has no credit: waiting doesn't mend that; add some, or score with another key"),
        (Roles(), "the model's chat template takes no such roles: choose a protocol or a template of your own (--template) with user messages alone"),
        (Address(), "the address may be none of the API: most servers have it at …/v1"),
        (Field(), "leave a request field out that the server doesn't take, e.g. --omit top_p or --omit temperature,top_p,seed"),
        (Budget(), "the answer needs more room: raise --max-tokens, as far as the server's context window allows"),
        (TooMany(), "the server allows fewer tokens: lower --max-tokens, or give it a larger context window"),
        (Throttled(), "lower --concurrency, or ask for a higher quota"),
        (Key(), "check the key in the variable that --api-key-env names"),
        (Model(), "check --model: the name has to be the one that the endpoint serves (doctor lists them)"),
        (NoVerdict(), "the judge doesn't answer in the protocol's grammar: check --protocol, --template and the model's chat template"),
    ];

    /// <summary>The advice; null where none fits.</summary>
    public static string? For(string words)
    {
        foreach ((Regex known, string advice) in Known)
        {
            if (known.IsMatch(words))
            {
                return advice;
            }
        }

        return null;
    }

    [GeneratedRegex("content filter", RegexOptions.CultureInvariant)]
    private static partial Regex Filtered();

    [GeneratedRegex("server's reasoning field", RegexOptions.CultureInvariant)]
    private static partial Regex Reasoning();

    [GeneratedRegex("there is no </think>|the thinking never ended", RegexOptions.CultureInvariant)]
    private static partial Regex NoThinking();

    [GeneratedRegex("ended without a finish reason", RegexOptions.CultureInvariant)]
    private static partial Regex Unended();

    [GeneratedRegex("HTTP (?:504|524)", RegexOptions.CultureInvariant)]
    private static partial Regex GaveUp();

    [GeneratedRegex(@"HTTP 402|exceeded your current quota|insufficient (?:account )?(?:balance|quota|credits?|funds)|please recharge", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Credit();

    [GeneratedRegex(@"roles must alternate|system role (?:is )?not supported|roles are supported, got", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Roles();

    [GeneratedRegex("no chat completion|unexpected endpoint|holds no choice|HTTP 405", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Address();

    [GeneratedRegex(
        @"cannot both|not both be|(?:unsupported|unrecognized|unknown|unexpected|extra)[ _](?:parameter|argument|field|value|input)|extra[_ ]forbidden|does not support|is not supported|not permitted|deprecated for this model",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Field();

    [GeneratedRegex("the token budget ended", RegexOptions.CultureInvariant)]
    private static partial Regex Budget();

    [GeneratedRegex("max_tokens|context (?:length|window)|too long|too many tokens|exceeds the limit", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TooMany();

    [GeneratedRegex("HTTP 429|throttles", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Throttled();

    [GeneratedRegex("HTTP 40[123]|api key", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Key();

    [GeneratedRegex("HTTP 404|model.{0,80}(?:not found|does not exist)|no models? loaded", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Model();

    [GeneratedRegex(@"^no (?:\\boxed|<answer>)", RegexOptions.CultureInvariant)]
    private static partial Regex NoVerdict();
}
