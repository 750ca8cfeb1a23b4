using System.Text.RegularExpressions;

namespace Tribunal.Cli.Output;

/// <summary>What to change where judgements have no verdict, by the words of the reason.</summary>
internal static class ReasonAdvice
{
    private static readonly (string Pattern, string Advice)[] Known =
    [
        ("content filter", "the endpoint's own filter decides this: score such rollouts with another endpoint, or change its filter settings"),
        ("server's reasoning field", "the server's reasoning parser takes the whole answer for thinking: start it without one (vLLM: without --reasoning-parser) for a judge that doesn't think"),
        ("there is no </think>|the thinking never ended", "start the server with the model's reasoning parser, or choose a protocol for judges that don't think"),
        ("ended without a finish reason", "the server's streams don't say how an answer ended: ask for whole answers with --stream off"),
        ("HTTP (?:504|524)", "a proxy in between gives up waiting: --stream on keeps the connection busy; else raise the proxy's time limit or lower --concurrency"),
        (@"(?i)(?:HTTP|answered) 402|exceeded your current quota|insufficient (?:account )?(?:balance|quota|credits?|funds)|please recharge", "the account has no credit: waiting doesn't mend that; add some, or score with another key"),
        (@"(?i)roles must alternate|system role (?:is )?not supported|roles are supported, got", "the model's chat template takes no such roles: choose a protocol or a template of your own (--template) with user messages alone"),
        ("no interface of a reward model", "the protocol asks a reward model for a number: give the address of a server that has /classify (vLLM, SGLang, Infinity), /pooling (vLLM) or /predict (TEI); conversations only vLLM's take"),
        ("(?i)plain http request was sent|http request to an https server", "the server speaks TLS there: give its address with https://"),
        ("(?i)HTTP 413: a web page", "a proxy in between takes no requests of this size (nginx: client_max_body_size): raise its limit"),
        ("(?i)no chat completion|unexpected endpoint|holds no choice|HTTP 405|HTTP 404: (?:not found|404 page not found|a web page)", "the address may be none of the API: most servers have it at …/v1"),
        (@"(?i)cannot both|not both be|(?:unsupported|unrecognized|unknown|unexpected|extra)[ _](?:parameter|argument|field|value|input)|extra[_ ]forbidden|does not support|is not supported|not permitted|deprecated for this model", "leave a request field out that the server doesn't take, e.g. --omit top_p or --omit temperature,top_p,seed"),
        ("the token budget ended", "the answer needs more room: raise --max-tokens, as far as the server's context window allows"),
        ("(?i)max_tokens|context (?:length|window)|too long|too many tokens|exceeds the limit", "the server allows fewer tokens: lower --max-tokens, or give it a larger context window"),
        ("(?i)HTTP 429|throttles", "lower --concurrency, or ask for a higher quota"),
        ("(?i)(?:HTTP|answered) 40[123]|api key", "check the key in the variable that --api-key-env names"),
        ("(?i)(?:HTTP|answered) 404|model.{0,80}(?:not found|does not exist)|invalid model|no models? loaded", "check --model: the name has to be the one that the endpoint serves (doctor lists them)"),
        (@"^no (?:\\boxed|<answer>)", "the judge doesn't answer in the protocol's grammar: check --protocol, --template and the model's chat template"),
    ];

    /// <summary>The advice; null where none fits.</summary>
    public static string? For(string words) => Array.Find(Known, known => Regex.IsMatch(words, known.Pattern, RegexOptions.CultureInvariant)).Advice;
}
