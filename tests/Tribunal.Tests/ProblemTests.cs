namespace Tribunal.Tests;

public sealed class ProblemTests
{
    private static readonly Problem Range = new("policy.min", "50 is outside 1..{0} (32)", "policy.max");

    [Fact]
    public void A_problem_names_its_fields_as_requests_do() => Assert.Equal("policy.min: 50 is outside 1..policy.max (32)", Range.ToString());

    [Fact]
    public void A_problem_speaks_the_words_of_whoever_named_the_fields() =>
        Assert.Equal("--min: 50 is outside 1..--max (32)", Range.In(static field => "--" + field.Split('.')[1]));

    [Fact]
    public void A_problem_below_a_field_takes_all_it_names_with_it() =>
        Assert.Equal("routes[1].policy.min: 50 is outside 1..routes[1].policy.max (32)", Range.Below("routes[1]").ToString());

    [Fact]
    public void A_message_without_other_fields_may_hold_braces() => Assert.Equal("teams: ({x})", new Problem("teams", "({x})").ToString());

    [Fact]
    public void What_is_wrong_with_no_single_field_is_said_alone() => Assert.Equal("nothing fits", new Problem("", "nothing fits").ToString());
}
