using System.Text.Json;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Testing.Runs;

namespace Tribunal.Reports.Tests;

/// <summary>Texts that try to get out of where they stand.</summary>
internal static class Hostile
{
    public static readonly string[] Texts =
    [
        "<script>window.pwned=1;alert(1)</script>",
        "</script><script>window.pwned=1</script>",
        "<img src=x onerror=\"window.pwned=1\">",
        "</details></section></main><h1 onclick=alert(2)>out</h1>",
        "</pre></article><svg onload=\"window.pwned=1\"><animate onbegin=alert(3) attributeName=x dur=1s></svg>",
        "<a href=\"javascript:window.pwned=1\">click</a>",
        "\" onmouseover=\"window.pwned=1\" x=\"",
        "' autofocus onfocus='window.pwned=1' x='",
        "{{constructor.constructor('window.pwned=1')()}} ${window.pwned=1} <%= 1 %>",
        "<style>*{display:none}</style><link rel=stylesheet href=https://evil.example/x.css>",
        "<iframe srcdoc=\"<script>parent.pwned=1</script>\"></iframe>",
        "<meta http-equiv=refresh content=\"0;url=https://evil.example\">",
        "<base href=https://evil.example/><form action=https://evil.example><button>go</button></form>",
        "--><!--<![CDATA[<script>window.pwned=1</script>]]>",
        "\u202Etxt.exe\u2066hidden\u2069 \u200Bzero\u0007bell \uFEFF",
        "&lt;script&gt;window.pwned=1&lt;/script&gt; &#60;script&#62;",
    ];
}

/// <summary>Finished runs to report on.</summary>
internal static class ReportBed
{
    /// <summary>A run whose every text is hostile, judgements of every outcome among it.</summary>
    public static async Task<RunBed> HostileAsync()
    {
        var bed = new RunBed(0);
        await File.WriteAllLinesAsync(bed.Batch, Hostile.Texts.Select(static (text, i) => JsonSerializer.Serialize(
            new Rollout
            {
                Id = $"{i} <img src=x onerror=alert(9)> \" '",
                Prompt = [new Message("user", text)],
                Responses = [.. Enumerable.Range(0, 3).Select(j => new Response($"{j} {text}"))],
                Best = [i % 3],
                Domain = text.Replace("\u0007", "", StringComparison.Ordinal),
            },
            TribunalJson.Default.Rollout)));
        bed.Judge.On = static (call, question) =>
        {
            string text = Hostile.Texts[call % Hostile.Texts.Length];
            JudgeReply reply = ScriptedJudge.Answer(question);
            return (call % 7) switch
            {
                0 => reply with { Text = text },
                1 => reply with { Text = text, Finish = "length" },
                2 => reply with { Text = "I'm sorry, I can't judge this. " + text },
                _ => reply with { Text = text + "\n" + reply.Text, Reasoning = text },
            };
        };
        await bed.RunAsync();
        return bed;
    }
}
