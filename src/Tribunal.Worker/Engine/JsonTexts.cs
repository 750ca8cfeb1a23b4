using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DurableTask.Core.Serializing;
using Tribunal.Runs;

namespace Tribunal.Worker.Engine;

/// <summary>
/// What crosses the engine's boundaries, as JSON by our own contracts. The framework would write it with the names of our types in
/// it; here it only passes texts on.
/// </summary>
internal sealed class JsonTexts : JsonDataConverter
{
    private JsonTexts()
    {
    }

    /// <summary>The converter that passes texts on.</summary>
    public static JsonTexts Converter { get; } = new();

    public static string Write<T>(T value) => JsonSerializer.Serialize(value, TypeOf<T>());

    /// <summary>Reads a message; what it leaves out has its default.</summary>
    public static T Read<T>(string text) => ContractJson.Read(Encoding.UTF8.GetBytes(text), TypeOf<T>())!;

    // An activity's input arrives as an array of its parameters: ours has one.
    public override string Serialize(object value) => value is object[] parameters ? (string)parameters[0] : (string)value;

    public override string Serialize(object value, bool formatted) => Serialize(value);

    public override object Deserialize(string data, Type objectType) => data;

    private static JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>)(RunsJson.Default.GetTypeInfo(typeof(T)) ?? WorkerJson.Default.GetTypeInfo(typeof(T))
        ?? throw new NotSupportedException($"{typeof(T).Name} crosses a durable boundary and is in no JSON context"));
}
