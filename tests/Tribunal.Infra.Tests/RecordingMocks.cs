using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pulumi.Testing;

namespace Tribunal.Infra.Tests;

/// <summary>A resource as it was declared: type token, logical name, id and inputs.</summary>
public sealed record Declared(string Type, string Name, string Id, JsonObject Inputs)
{
    public string Kind => Type[(Type.LastIndexOf(':') + 1)..];

    public JsonNode? this[string path] => path.Split('.').Aggregate((JsonNode?)Inputs, (node, part) =>
        int.TryParse(part, out int index) ? (node as JsonArray)?[index] : node?[part]);

    public string? Text(string path) => this[path] is JsonValue value ? value.ToString() : null;
}

/// <summary>Answers like Azure would, as far as the program reads answers, and remembers what was asked for.</summary>
public sealed class RecordingMocks : IMocks
{
    public const string Subscription = "11111111-2222-3333-4444-555555555555";

    public ConcurrentQueue<Declared> Resources { get; } = new();

    public Task<(string? id, object state)> NewResourceAsync(MockResourceArgs args)
    {
        string name = args.Name ?? "";
        string type = args.Type ?? "";
        string id = $"/subscriptions/{Subscription}/{type.Replace(':', '/')}/{name}";
        JsonObject inputs = (JsonObject)ToJson(args.Inputs)!;
        Resources.Enqueue(new Declared(type, name, id, inputs));
        ImmutableDictionary<string, object> state = args.Inputs.SetItem("name", OwnName(inputs) ?? name);
        foreach ((string key, object value) in Answers(type, name))
        {
            state = state.SetItem(key, value);
        }

        return Task.FromResult<(string?, object)>((id, state));
    }

    public Task<object> CallAsync(MockCallArgs args) => Task.FromResult<object>(Map(
        ("subscriptionId", Subscription), ("tenantId", "66666666-7777-8888-9999-000000000000"), ("clientId", "client"), ("objectId", "object")));

    private static (string Key, object Value)[] Answers(string type, string name) => type[(type.LastIndexOf(':') + 1)..] switch
    {
        "UserAssignedIdentity" => [("principalId", $"principal-of-{name}"), ("clientId", $"client-of-{name}")],
        "SystemTopic" => [("identity", Map(("principalId", $"principal-of-{name}"), ("type", "SystemAssigned")))],
        "ManagedEnvironment" => [("defaultDomain", "apps.example.internal"), ("staticIp", "10.42.0.9")],
        "ContainerApp" => [("configuration", Map(("ingress", Map(("fqdn", $"{name}.apps.example.internal")))))],
        "WebApp" => [("defaultHostName", "functions.example.net")],
        "Component" => [("connectionString", "InstrumentationKey=none")],
        "Workspace" => [("customerId", "workspace")],
        "Registry" => [("loginServer", "registry.example.io")],
        "Secret" => [("properties", Map(("secretUri", $"https://vault.example.net/secrets/{name["secret-".Length..]}"), ("secretUriWithVersion", "-")))],
        "Scheduler" => [("properties", Map(("endpoint", "https://scheduler.example.net"), ("provisioningState", "Succeeded")))],
        _ => [],
    };

    private static ImmutableDictionary<string, object> Map(params (string Key, object Value)[] pairs) =>
        pairs.ToImmutableDictionary(pair => pair.Key, pair => pair.Value);

    /// <summary>The input that names the resource itself comes by many names; names of parents are the others'.</summary>
    private static string? OwnName(JsonObject inputs)
    {
        string[] parents = ["resourceGroupName", "workloadProfileName"];
        string[] own = [.. inputs.Select(pair => pair.Key).Where(key => key.EndsWith("Name", StringComparison.Ordinal) && !parents.Contains(key))];
        string? key = inputs.ContainsKey("name") ? "name" : own.FirstOrDefault(k => k is not ("accountName" or "vaultName" or "environmentName" or "systemTopicName")) ?? own.FirstOrDefault();
        return key is null ? null : inputs[key]?.ToString();
    }

    private static JsonNode? ToJson(object? value) => value switch
    {
        null => null,
        string text => text,
        bool flag => flag,
        JsonElement element => JsonNode.Parse(element.GetRawText()),
        IEnumerable<KeyValuePair<string, object>> map => new JsonObject(map.Select(entry => KeyValuePair.Create(entry.Key, ToJson(entry.Value)))),
        IEnumerable list => new JsonArray([.. list.Cast<object?>().Select(ToJson)]),
        IConvertible number => JsonValue.Create(Convert.ToDouble(number, System.Globalization.CultureInfo.InvariantCulture)),
        _ => JsonValue.Create(value.ToString()),
    };
}
