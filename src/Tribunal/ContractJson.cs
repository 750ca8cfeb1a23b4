using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Tribunal;

/// <summary>
/// Reads documents that another version may have written: what they don't say has the default that the record documents.
/// Generated readers by themselves give a missing init-only property its type's default, not its initializer's value.
/// </summary>
public static class ContractJson
{
    private const string Rooted = "What is trimmed keeps the assemblies of the contracts whole (TrimmerRootAssembly).";

    private static readonly ConcurrentDictionary<JsonSerializerOptions, JsonSerializerOptions> Known = new();

    /// <summary>Reads a document by a generated contract.</summary>
    /// <exception cref="JsonException">It is no such document.</exception>
    public static T? Read<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(json, (JsonTypeInfo<T>)KeepingDefaults(type));
        }
        catch (JsonException exception)
        {
            throw new JsonException(Words(exception), exception);
        }
    }

    /// <summary>Why a document can't be read, in words for people: where, and without the names of our types.</summary>
    public static string Words(JsonException exception)
    {
        if (exception.LineNumber is not { } line)
        {
            return exception.Message;
        }

        string place = $"line {line + 1}, byte {exception.BytePositionInLine + 1}";
        return exception.Path is { Length: > 2 } path ? $"the value of {path[2..]} can't be used ({place})" : $"no JSON of the form that is needed ({place})";
    }

    /// <summary>The same contract, keeping defaults.</summary>
    public static JsonTypeInfo KeepingDefaults(JsonTypeInfo type)
    {
        JsonSerializerOptions options = Known.GetOrAdd(
            type.Options,
            static options => new JsonSerializerOptions(options) { TypeInfoResolver = options.TypeInfoResolver!.WithAddedModifier(KeepDefaults) });
        return options.GetTypeInfo(type.Type);
    }

    [UnconditionalSuppressMessage("Trimming", "IL2072", Justification = Rooted)]
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = Rooted)]
    private static void KeepDefaults(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object || type.Type.IsValueType || type.Type.GetConstructor(Type.EmptyTypes) is null)
        {
            return;
        }

        // Made first, with its initializers, and filled then: an initializer's value stays where nothing is said.
        type.CreateObject = () => Activator.CreateInstance(type.Type)!;
        foreach (JsonPropertyInfo property in type.Properties)
        {
            if (property.AttributeProvider is PropertyInfo { SetMethod: not null } member)
            {
                property.Set = member.SetValue;
            }
        }
    }
}
