using System.Reflection;
using Tribunal.Protocols.Grm;
using Tribunal.Protocols.RmR1;
using Tribunal.Protocols.Rrm;

namespace Tribunal.Protocols.Catalog;

/// <summary>A protocol that was chosen.</summary>
/// <param name="Protocol">The protocol.</param>
/// <param name="Variant"><c>grm</c>, <c>rm-r1-instruct</c>, <c>rm-r1-thinking</c> or <c>rrm</c>: names the prompt and the grammar; <see cref="ProtocolCatalog.Resolve"/> takes it too.</param>
/// <param name="Reason">Why this one, for people.</param>
public sealed record ProtocolChoice(IProtocol Protocol, string Variant, string Reason);

/// <summary>The protocols by name.</summary>
public static class ProtocolCatalog
{
    /// <summary>DeepSeek-GRM: scores for a list.</summary>
    public const string Grm = "grm";

    private const string RmR1 = "rm-r1";
    private const string Rrm = "rrm";
    private const string Instruct = "rm-r1-instruct";
    private const string Thinking = "rm-r1-thinking";

    /// <summary>What the command line and requests may say: <c>auto</c>, a protocol, or a protocol's variant.</summary>
    public static IReadOnlyList<string> Names { get; } = ["auto", Grm, RmR1, Rrm, Instruct, Thinking];

    /// <summary>The variants, each with a prompt of its own.</summary>
    public static IReadOnlyList<string> Variants { get; } = [Grm, Instruct, Thinking, Rrm];

    /// <summary>Finds a protocol.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="modelName">The model's name; <c>auto</c> and <c>rm-r1</c> go by it.</param>
    /// <param name="templateText">A prompt template to use instead of the built-in one; see <see cref="PromptTemplate"/>.</param>
    /// <exception cref="ProblemsException">The name is unknown.</exception>
    /// <exception cref="PromptTemplateException">The template can't be used; the message lists why.</exception>
    public static ProtocolChoice Resolve(string name, string? modelName, string? templateText = null)
    {
        (string variant, string reason) = Choose(name, modelName);
        return new ProtocolChoice(Build(variant, templateText ?? TemplateOf(variant)), variant, reason);
    }

    /// <summary>The built-in prompt template of a variant: a start for one's own.</summary>
    /// <exception cref="ArgumentException">The variant is unknown.</exception>
    public static string TemplateOf(string variant)
    {
        if (!Variants.Contains(variant, StringComparer.Ordinal))
        {
            throw new ArgumentException($"unknown variant '{variant}' (known: {string.Join(", ", Variants)})", nameof(variant));
        }

        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{variant}.prompt.md")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static IProtocol Build(string variant, string template) => variant switch
    {
        Grm => new GrmProtocol(PromptTemplate.Parse(template, GrmProtocol.Placeholders, GrmProtocol.Required)),
        Rrm => new RrmProtocol(PromptTemplate.Parse(template, RrmProtocol.Placeholders, RrmProtocol.Required)),
        _ => new RmR1Protocol(PromptTemplate.Parse(template, RmR1Protocol.Placeholders, RmR1Protocol.Required), thinks: variant == Thinking),
    };

    private static (string Variant, string Reason) Choose(string name, string? modelName)
    {
        string model = string.IsNullOrWhiteSpace(modelName) ? "" : modelName;
        switch (name)
        {
            case Grm or Rrm or Instruct or Thinking:
                return (name, "asked for by name");
            case RmR1:
                return IsThinking(model)
                    ? (Thinking, $"rm-r1 was asked for, and {model} is a distilled checkpoint, which thinks")
                    : (Instruct, model.Contains("instruct", StringComparison.OrdinalIgnoreCase)
                        ? $"rm-r1 was asked for, and {model} is an instruct checkpoint"
                        : "rm-r1 was asked for; nothing in the model's name says that it is a distilled checkpoint");
            case "auto":
                break;
            default:
                throw new ProblemsException([new Problem("protocol", $"unknown protocol '{name}' (known: {string.Join(", ", Names)})")]);
        }

        string[] words = model.ToLowerInvariant().Split(['/', '-', '_', '.', ' ', ':', '@', '\\'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Contains("rmr1", StringComparer.Ordinal) || words.Zip(words.Skip(1)).Contains(("rm", "r1")))
        {
            return IsThinking(model)
                ? (Thinking, $"{model} is a distilled RM-R1 checkpoint by its name")
                : (Instruct, $"{model} is an RM-R1 checkpoint by its name");
        }

        if (words.Contains("rrm", StringComparer.Ordinal) || words.Zip(words.Skip(1), words.Skip(2)).Contains(("reward", "reasoning", "model")))
        {
            return (Rrm, $"{model} is an RRM checkpoint by its name");
        }

        return words.Contains("grm", StringComparer.Ordinal)
            ? (Grm, $"{model} is a GRM checkpoint by its name")
            : (Grm, model.Length == 0
                ? "no model is named; grm scores any number of responses"
                : $"the name {model} says nothing of a protocol; grm scores any number of responses");
    }

    private static bool IsThinking(string model) =>
        model.Contains("distill", StringComparison.OrdinalIgnoreCase)
        || model.Contains("thinking", StringComparison.OrdinalIgnoreCase)
        || (model.Contains("deepseek", StringComparison.OrdinalIgnoreCase) && !model.Contains("instruct", StringComparison.OrdinalIgnoreCase));
}
