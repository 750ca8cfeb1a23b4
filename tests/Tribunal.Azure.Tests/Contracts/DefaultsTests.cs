using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Tribunal.Azure.Storage;
using Tribunal.Runs;

namespace Tribunal.Azure.Tests.Contracts;

/// <summary>What JSON does not say has the default that its record documents, for every record of every contract.</summary>
public sealed class DefaultsTests
{
    public static TheoryData<string, string> Contracts()
    {
        TheoryData<string, string> contracts = [];
        foreach (JsonSerializerContext context in (JsonSerializerContext[])[TribunalJson.Default, RunsJson.Default, AzureJson.Default])
        {
            // A context has a property for every type that it can write, those of fields included.
            foreach (Type type in TypesOf(context).Where(static type => type.Assembly.GetName().Name!.StartsWith("Tribunal", StringComparison.Ordinal)))
            {
                contracts.Add(context.GetType().Name, type.FullName!);
            }
        }

        return contracts;
    }

    [Theory]
    [MemberData(nameof(Contracts))]
    public void What_is_not_said_has_its_documented_default(string context, string name)
    {
        JsonSerializerContext json = ((JsonSerializerContext[])[TribunalJson.Default, RunsJson.Default, AzureJson.Default]).Single(c => c.GetType().Name == context);
        JsonTypeInfo type = json.GetTypeInfo(TypesOf(json).Single(t => t.FullName == name))!;
        object read = JsonSerializer.Deserialize(Minimal(type), ContractJson.KeepingDefaults(type))!;
        object made = Made(type.Type);
        foreach (PropertyInfo property in type.Type.GetProperties().Where(static p => p.SetMethod is not null && !p.IsDefined(typeof(RequiredMemberAttribute)) && p.GetCustomAttribute<JsonIgnoreAttribute>() is not { Condition: JsonIgnoreCondition.Always }))
        {
            Assert.True(Same(property.GetValue(made), property.GetValue(read), json.GetTypeInfo(property.PropertyType)!), $"{property.Name} is {property.GetValue(read) ?? "null"}, not {property.GetValue(made)}");
        }
    }

    private static IEnumerable<Type> TypesOf(JsonSerializerContext context) => context.GetType()
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(static p => p.PropertyType.IsGenericType && p.PropertyType.GetGenericTypeDefinition() == typeof(JsonTypeInfo<>))
        .Select(static p => p.PropertyType.GetGenericArguments()[0])
        .Where(type => context.GetTypeInfo(type)!.Kind == JsonTypeInfoKind.Object);

    // An object as a caller makes it who says nothing but what must be said.
    private static object Made(Type type)
    {
        if (type.GetConstructor(Type.EmptyTypes) is not null || type.IsValueType)
        {
            return Activator.CreateInstance(type)!;
        }

        ConstructorInfo constructor = type.GetConstructors().MaxBy(static c => c.GetParameters().Length)!;
        return constructor.Invoke([.. constructor.GetParameters().Select(static p => p.HasDefaultValue ? p.DefaultValue : p.ParameterType.IsValueType ? Activator.CreateInstance(p.ParameterType) : null)]);
    }

    private static JsonObject Minimal(JsonTypeInfo type)
    {
        JsonObject minimal = [];
        foreach (JsonPropertyInfo property in type.Properties.Where(static p => p.IsRequired))
        {
            minimal.Add(property.Name, Value(type.Options.GetTypeInfo(property.PropertyType)));
        }

        return minimal;
    }

    private static JsonNode? Value(JsonTypeInfo type) => type.Kind switch
    {
        JsonTypeInfoKind.Object => Minimal(type),
        JsonTypeInfoKind.Dictionary => new JsonObject(),
        JsonTypeInfoKind.Enumerable => new JsonArray(),
        _ when type.Type == typeof(string) => "",
        _ => JsonSerializer.SerializeToNode(Activator.CreateInstance(type.Type), type),
    };

    private static bool Same(object? one, object? other, JsonTypeInfo type) =>
        JsonNode.DeepEquals(JsonSerializer.SerializeToNode(one, type), JsonSerializer.SerializeToNode(other, type));
}
