using System.Reflection;
using Tribunal.Protocols.Declared;
using Tribunal.Protocols.Grm;
using Tribunal.Protocols.RmR1;
using Tribunal.Protocols.Rrm;

namespace Tribunal.Protocols.Catalog;

/// <summary>A protocol that was chosen.</summary>
/// <param name="Protocol">The protocol.</param>
/// <param name="Variant">Names the prompt and the grammar: <c>rm-r1-instruct</c>, the name of a file's protocol, …; <see cref="ProtocolCatalog.Resolve"/> takes it too.</param>
/// <param name="Reason">Why this one, for people.</param>
/// <param name="Guessed">Whether nothing in the model's name speaks for it, so that people have to be told.</param>
public sealed record ProtocolChoice(IProtocol Protocol, string Variant, string Reason, bool Guessed = false);

/// <summary>
/// The protocols by name: three systems in code, each with a prompt of this project's and with the authors' own
/// (<c>…-official</c>), and those that are files (<see cref="DeclaredCatalog"/>), each of which states whose words it sends
/// (<see cref="Wording"/>): the authors' own wherever their licence lets them be kept.
/// </summary>
public static class ProtocolCatalog
{
    private const string Official = "-official";

    /// <summary>DeepSeek-GRM: scores for a list.</summary>
    public const string Grm = "grm";

    private const string RmR1 = "rm-r1";
    private const string Rrm = "rrm";
    private const string Instruct = "rm-r1-instruct";
    private const string Thinking = "rm-r1-thinking";

    /// <summary>What the command line and requests may say: <c>auto</c>, a protocol, or a protocol's variant.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["auto", Grm, RmR1, Rrm, Instruct, Thinking, RmR1 + Official, Rrm + Official, Instruct + Official, Thinking + Official, .. DeclaredCatalog.Names];

    /// <summary>The variants in code, each with a prompt of this project's.</summary>
    public static IReadOnlyList<string> Variants { get; } = [Grm, Instruct, Thinking, Rrm];

    /// <summary>The variants in code with the prompts of their authors, who are named in <c>NOTICE.md</c> beside them.</summary>
    public static IReadOnlyList<string> OfficialVariants { get; } = [Instruct + Official, Thinking + Official, Rrm + Official];

    /// <summary>Finds a protocol.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="modelName">The model's name; <c>auto</c> and <c>rm-r1</c> go by it.</param>
    /// <param name="templateText">
    /// A prompt template to use instead of the built-in one (<see cref="PromptTemplate"/>), or a protocol file, which states all of it.
    /// </param>
    /// <exception cref="ProblemsException">The name is unknown, is another than the file's, or takes no template.</exception>
    /// <exception cref="PromptTemplateException">The template or protocol file can't be used; the message lists why.</exception>
    public static ProtocolChoice Resolve(string name, string? modelName, string? templateText = null)
    {
        if (templateText is not null && ProtocolFileReader.IsProtocol(templateText))
        {
            return FromFile(name, templateText);
        }

        (string variant, string reason, bool guessed) = Choose(name, modelName);
        return DeclaredCatalog.Contains(variant)
            ? templateText is null ? new ProtocolChoice(DeclaredCatalog.Of(variant), variant, reason)
                : throw Wrong($"{variant} takes no prompt template: change a copy of its file instead")
            : new ProtocolChoice(Build(variant, templateText ?? TemplateOf(variant)), variant, reason, guessed);
    }

    private static ProtocolChoice FromFile(string name, string text)
    {
        try
        {
            var protocol = new DeclaredProtocol(ProtocolFileReader.Read(text));
            return name == "auto" || name == protocol.Name ? new ProtocolChoice(protocol, protocol.Name, "stated by a file")
                : throw Wrong($"the protocol {name} is asked for, and the file states {protocol.Name}");
        }
        catch (ProtocolFileException exception)
        {
            throw new PromptTemplateException(exception.Message);
        }
    }

    /// <summary>The built-in prompt template of a variant: a start for one's own.</summary>
    /// <exception cref="ArgumentException">The variant is unknown.</exception>
    public static string TemplateOf(string variant)
    {
        if (!Variants.Contains(variant, StringComparer.Ordinal) && !OfficialVariants.Contains(variant, StringComparer.Ordinal))
        {
            throw new ArgumentException($"unknown variant '{variant}' (known: {string.Join(", ", Variants)})", nameof(variant));
        }

        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{variant}.prompt.md")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static ProblemsException Wrong(string message) => new([new Problem("protocol", message)]);

    private static IProtocol Build(string variant, string template) => variant switch
    {
        Grm => new GrmProtocol(PromptTemplate.Parse(template, GrmProtocol.Placeholders, GrmProtocol.Required)),
        Rrm or Rrm + Official => new RrmProtocol(PromptTemplate.Parse(template, RrmProtocol.Placeholders, RrmProtocol.Required)),
        _ => new RmR1Protocol(PromptTemplate.Parse(template, RmR1Protocol.Placeholders, RmR1Protocol.Required), thinks: variant.StartsWith(Thinking, StringComparison.Ordinal)),
    };

    private static (string Variant, string Reason, bool Guessed) Choose(string name, string? modelName)
    {
        string model = string.IsNullOrWhiteSpace(modelName) ? "" : modelName;
        switch (name)
        {
            case Grm or Rrm or Instruct or Thinking or Rrm + Official or Instruct + Official or Thinking + Official:
                return (name, "asked for by name", false);
            case RmR1 or RmR1 + Official:
                string tail = name == RmR1 ? "" : Official;
                return IsThinking(model)
                    ? (Thinking + tail, $"{name} was asked for, and {model} is a distilled checkpoint, which thinks", false)
                    : (Instruct + tail, model.Contains("instruct", StringComparison.OrdinalIgnoreCase)
                        ? $"{name} was asked for, and {model} is an instruct checkpoint"
                        : $"{name} was asked for; nothing in the model's name says that it is a distilled checkpoint", false);
            case "auto":
                return ByModel(model);
            default:
                return DeclaredCatalog.Contains(name) ? (name, "asked for by name", false)
                    : throw Wrong($"unknown protocol '{name}' (known: {string.Join(", ", Names)})");
        }
    }

    private static (string Variant, string Reason, bool Guessed) ByModel(string model)
    {
        string[] words = model.ToLowerInvariant().Split(['/', '-', '_', '.', ' ', ':', '@', '\\'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Contains("rmr1", StringComparer.Ordinal) || words.Zip(words.Skip(1)).Contains(("rm", "r1")))
        {
            return IsThinking(model)
                ? (Thinking, $"{model} is a distilled RM-R1 checkpoint by its name", false)
                : (Instruct, $"{model} is an RM-R1 checkpoint by its name", false);
        }

        if (words.Contains("rrm", StringComparer.Ordinal) || words.Zip(words.Skip(1), words.Skip(2)).Contains(("reward", "reasoning", "model")))
        {
            return (Rrm, $"{model} is an RRM checkpoint by its name", false);
        }

        return words.Contains("grm", StringComparer.Ordinal) ? (Grm, $"{model} is a GRM checkpoint by its name", false)
            : DeclaredCatalog.For(model) is { } declared ? (declared, $"{model} is a model of {declared} by its name", false)
            : model.Length == 0 ? (Grm, "no model is named; grm scores any number of responses", false)
            : (Grm, $"the name {model} says nothing of a protocol; grm scores any number of responses", true);
    }

    private static bool IsThinking(string model) =>
        model.Contains("distill", StringComparison.OrdinalIgnoreCase)
        || model.Contains("thinking", StringComparison.OrdinalIgnoreCase)
        || (model.Contains("deepseek", StringComparison.OrdinalIgnoreCase) && !model.Contains("instruct", StringComparison.OrdinalIgnoreCase));
}
