using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Tribunal.RewardServer.Serving;

/// <summary>What the generated API description can't know: the forms of what is kept as JSON.</summary>
internal static class ApiDescription
{
    public static void Add(OpenApiOptions options) => options.AddDocumentTransformer(static (document, _, _) =>
    {
        document.Info.Title = "Tribunal rewards";
        document.Info.Version = "v1";
        document.Info.Description = "Rewards for responses to a prompt, by a reward model that reasons before it scores; in [0, 1] unless another scale is asked for. Null where there is no reward, never 0.";
        Describe(document, "RewardsRequest", "rollouts", Rollout());
        Describe(document, "ChatRequest", "messages", Turn());
        Describe(document, "GymRequest", "conversation_history", Turn());
        Describe(document, "GymRequest", "response_objs", Object("An object of OpenAI's Responses API; its output is judged.", ("output", List(new OpenApiSchema { Type = JsonSchemaType.Object }))));
        Describe(document, "GymMetricsRequest", "verify_responses", Object("An answer to /verify.", ("_ng_task_index", new OpenApiSchema { Type = JsonSchemaType.Integer }), ("reward", new OpenApiSchema { Type = JsonSchemaType.Number })));
        Describe(document, "OpenRlhfRequest", "prompts", Prompt());
        return Task.CompletedTask;
    });

    private static void Describe(OpenApiDocument document, string schema, string property, OpenApiSchema item)
    {
        if (document.Components?.Schemas?.TryGetValue(schema, out IOpenApiSchema? known) == true && known.Properties?.TryGetValue(property, out IOpenApiSchema? list) == true && list is OpenApiSchema open)
        {
            open.Items = item;
        }
    }

    private static OpenApiSchema Rollout() => Object(
        "A prompt and responses to it.",
        ("id", Text("Comes back with the result.")),
        ("prompt", Prompt()),
        ("responses", List(new OpenApiSchema { Description = "A text, or the turns of a trajectory.", OneOf = [Text(null), List(Turn())] })),
        ("reference", Text("A reference answer that the judge is shown.")),
        ("rubric", new OpenApiSchema { Description = "Criteria that the responses are graded by, or that the judge is shown: a text, a list of texts or {id, text, weight, kind}, or {criteria, required, negative}. Refused where the judge is shown no rubric.", OneOf = [Text(null), List(new OpenApiSchema()), new OpenApiSchema { Type = JsonSchemaType.Object }] }),
        ("group", Object(
            "The group that these responses are a part of; left out where they are all of it.",
            ("id", Text("Its name, new for every step and prompt.")),
            ("size", new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1", Description = "Responses in all of it." }))));

    private static OpenApiSchema Prompt() => new() { Description = "A text, or turns.", OneOf = [Text(null), List(Turn())] };

    private static OpenApiSchema Turn() => Object(
        "A turn, as OpenAI's chat interface writes it.",
        ("role", Text(null)),
        ("content", new OpenApiSchema { Description = "A text, or parts of which the texts count.", OneOf = [Text(null), List(new OpenApiSchema { Type = JsonSchemaType.Object })] }),
        ("tool_calls", List(new OpenApiSchema { Type = JsonSchemaType.Object })),
        ("tool_call_id", Text(null)),
        ("reasoning_content", Text("Kept beside it, and shown to judges only where the server says so.")));

    private static OpenApiSchema Text(string? description) => new() { Type = JsonSchemaType.String, Description = description };

    private static OpenApiSchema List(OpenApiSchema items) => new() { Type = JsonSchemaType.Array, Items = items };

    private static OpenApiSchema Object(string description, params (string Name, OpenApiSchema Schema)[] properties) => new()
    {
        Type = JsonSchemaType.Object,
        Description = description,
        Properties = properties.ToDictionary(static property => property.Name, static IOpenApiSchema (property) => property.Schema, StringComparer.Ordinal),
    };
}
