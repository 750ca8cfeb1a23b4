using System.Text.RegularExpressions;
using CsCheck;

namespace Tribunal.Infra.Tests;

/// <summary>Names are valid, and another stack's are others, whatever a stack is called.</summary>
public sealed partial class NamesTests
{
    private static readonly Gen<string> AnyStack = Gen.OneOf(Gen.String, Gen.String.AlphaNumeric, Gen.Const("prod"), Gen.Const("---"), Gen.Const(""), Gen.Const("Ünïcode-生产"));

    [Fact]
    public void Names_are_valid_for_any_stack() => AnyStack.Sample(stack =>
    {
        Names names = new(stack, "11111111-2222-3333-4444-555555555555");
        Assert.Matches(Account(), names.DataAccount);
        Assert.Matches(Account(), names.WeightsAccount);
        Assert.Matches(Vault(), names.Vault);
        Assert.Matches(Registry(), names.Registry);
        Assert.Matches(Site(), names.FunctionApp);
        Assert.Matches(Scheduler(), names.Scheduler);
        Assert.Matches(Any(), names.Of("id-functions"));
    });

    [Fact]
    public void Names_of_two_stacks_differ() => Gen.Select(AnyStack, AnyStack).Sample((one, other) =>
    {
        if (one != other)
        {
            Assert.Empty(All(new Names(one, "s")).Intersect(All(new Names(other, "s")), StringComparer.Ordinal));
        }
    });

    [Fact]
    public void Names_of_stacks_that_begin_alike_or_differ_in_a_sign_differ()
    {
        string[] stacks = ["production-east", "production-west", "product", "PRODUCT", "pro-duct", "pro.duct"];
        string[] names = [.. stacks.SelectMany(stack => All(new Names(stack, "s")))];
        Assert.Equal(names.Length, names.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void Names_of_two_subscriptions_differ() =>
        Assert.Empty(All(new Names("prod", "one")).Intersect(All(new Names("prod", "other")), StringComparer.Ordinal));

    [Fact]
    public void Names_of_a_stack_stay() => Assert.Equal(All(new Names("prod", "one")), All(new Names("prod", "one")));

    [Theory]
    [InlineData("dev")]
    [InlineData("prod")]
    public async Task Resources_of_one_kind_have_names_of_their_own(string stack)
    {
        Deployed deployed = await Stacks.DeployAsync(Stacks.Settings(stack), "A.very/odd stack-name_with everything 生产");
        Assert.Equal(deployed.Resources.Count, deployed.Resources.DistinctBy(resource => (resource.Type, resource.Name)).Count());
        foreach ((string kind, string key) in ((string, string)[])[
            ("StorageAccount", "accountName"), ("UserAssignedIdentity", "resourceName"), ("PrivateEndpoint", "privateEndpointName"), ("PrivateZone", "privateZoneName"),
            ("ScheduledQueryRule", "ruleName"), ("ContainerApp", "containerAppName"), ("Subnet", "subnetName"), ("Subnet", "addressPrefix")])
        {
            string[] names = [.. deployed.Of(kind).Select(resource => resource.Text(key)!)];
            Assert.Equal(names.Length, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        }

        Assert.All(deployed.Of("ContainerApp"), app => Assert.Matches(App(), app.Text("containerAppName")!));
    }

    private static string[] All(Names names) =>
        [names.DataAccount, names.WeightsAccount, names.Vault, names.Registry, names.FunctionApp, names.Scheduler, names.Of("rg")];

    [GeneratedRegex("^[a-z0-9]{3,24}$")]
    private static partial Regex Account();

    [GeneratedRegex("^(?=.{3,24}$)[a-z](?:-?[a-z0-9])*$")]
    private static partial Regex Vault();

    [GeneratedRegex("^[a-z0-9]{5,50}$")]
    private static partial Regex Registry();

    [GeneratedRegex("^(?=.{2,60}$)[a-z0-9](?:-?[a-z0-9])*$")]
    private static partial Regex Site();

    [GeneratedRegex("^(?=.{3,64}$)[a-z](?:-?[a-z0-9])*$")]
    private static partial Regex Scheduler();

    [GeneratedRegex("^(?=.{3,63}$)[a-z](?:-?[a-z0-9])*$")]
    private static partial Regex Any();

    [GeneratedRegex("^(?=.{2,32}$)[a-z](?:-?[a-z0-9])*$")]
    private static partial Regex App();
}
