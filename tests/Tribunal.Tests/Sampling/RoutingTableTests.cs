using System.Text.Json;
using Tribunal.Sampling;

namespace Tribunal.Tests.Sampling;

public sealed class RoutingTableTests
{
    private static readonly RoutingTable Table = new()
    {
        Routes =
        [
            new Route { Domain = "math", Judge = "big", Policy = new PolicyOptions { Kind = PolicyKind.Adaptive } },
            new Route { Task = "reasoning", Protocol = "rm-r1", ThinkingTokens = 4096 },
            new Route { Judge = "small" },
        ],
    };

    [Theory]
    [InlineData("Math", "reasoning", 0)]
    [InlineData("code", "Reasoning", 1)]
    [InlineData(null, "chat", 2)]
    [InlineData(null, null, 2)]
    public void The_first_line_that_fits_counts(string? domain, string? task, int line) => Assert.Same(Table.Routes[line], Table.For(domain, task));

    [Fact]
    public void Without_a_line_that_fits_the_run_decides() => Assert.Null(new RoutingTable { Routes = [Table.Routes[0]] }.For("chat", null));

    [Fact]
    public void Problems_name_their_line()
    {
        Assert.Empty(Table.Problems(["big", "small"], ["grm", "rm-r1"]));
        var wrong = new RoutingTable
        {
            Routes =
            [
                new Route { Domain = "a", Judge = "nobody", Protocol = "odd", ThinkingTokens = -1, Policy = new PolicyOptions { Kind = PolicyKind.Budget } },
                new Route { Domain = "A", Task = "chat", Judge = "big" },
                new Route(),
            ],
        };
        string[] problems = [.. wrong.Problems(["big"], ["grm"]).Select(static p => p.ToString())];
        Assert.Equal(6, problems.Length);
        Assert.Contains(problems, p => p.StartsWith("routing.routes[0].judge", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.StartsWith("routing.routes[1]: is never reached", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.StartsWith("routing.routes[2]: chooses nothing", StringComparison.Ordinal));
    }

    [Fact]
    public void A_table_survives_json()
    {
        string json = JsonSerializer.Serialize(Table, TribunalJson.Default.RoutingTable);
        Assert.Contains("\"kind\":\"adaptive\"", json, StringComparison.Ordinal);
        Assert.Equal(Table.Routes, JsonSerializer.Deserialize(json, TribunalJson.Default.RoutingTable)!.Routes);
    }

    [Fact]
    public void Unknown_fields_are_refused_by_name() => Assert.Contains(
        "domian",
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("{\"routes\":[{\"domian\":\"math\"}]}", TribunalJson.Default.RoutingTable)).Message,
        StringComparison.Ordinal);
}
