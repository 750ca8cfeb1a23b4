using System.Text;

namespace Tribunal.Protocols.Declared;

/// <summary>How a text is written where it fills a prompt.</summary>
internal enum TextForm
{
    /// <summary>As it is.</summary>
    Plain,

    /// <summary>As a JSON string, quotes included, every character but the few that JSON forbids as it is.</summary>
    Json,

    /// <summary>As a JSON string in ASCII.</summary>
    Ascii,
}

/// <summary>Texts as JSON strings, byte for byte as Python's <c>json.dumps</c> writes them: authors' prompts hold them.</summary>
internal static class JsonText
{
    /// <summary>A text in a form.</summary>
    public static string Of(string text, TextForm form)
    {
        if (form == TextForm.Plain)
        {
            return text;
        }

        var json = new StringBuilder(text.Length + 2).Append('"');
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' => json.Append("\\\""),
                '\\' => json.Append(@"\\"),
                '\n' => json.Append(@"\n"),
                '\r' => json.Append(@"\r"),
                '\t' => json.Append(@"\t"),
                '\b' => json.Append(@"\b"),
                '\f' => json.Append(@"\f"),
                < ' ' => Escaped(json, c),
                > '~' when form == TextForm.Ascii => Escaped(json, c),
                _ => json.Append(c),
            };
        }

        return json.Append('"').ToString();
    }

    private static StringBuilder Escaped(StringBuilder json, char c) => json.Append(@"\u").Append(((int)c).ToString("x4", System.Globalization.CultureInfo.InvariantCulture));
}
