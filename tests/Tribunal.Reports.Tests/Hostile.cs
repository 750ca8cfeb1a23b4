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
