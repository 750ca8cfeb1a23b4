using System.Globalization;
using Pulumi;
using Pulumi.AzureNative.Monitor;
using Pulumi.AzureNative.Monitor.Inputs;
using Tribunal.Azure.Names;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Telemetry;

using ActionGroupArgs = Pulumi.AzureNative.Monitor.ActionGroupArgs;

namespace Tribunal.Infra.Observability;

/// <summary>What <see cref="Alerts"/> takes.</summary>
public sealed record AlertsArgs
{
    /// <summary>Addresses that are written to, at least one.</summary>
    public required IReadOnlyList<string> Emails { get; init; }

    /// <summary>Share of valid judgements below which somebody should look, in [0, 1]; default <see cref="ActivityOptions.DefaultValidRateFloor"/>.</summary>
    public double ValidRateFloor { get; init; } = ActivityOptions.DefaultValidRateFloor;

    /// <summary>Names of the GPU apps.</summary>
    public required IReadOnlyList<string> GpuApps { get; init; }
}

/// <summary>
/// The three things that cost money or results while nobody looks: messages that nobody could handle, a judge that talks
/// nonsense, and GPUs that run for nothing. Each is a query over the workspace; idle and busy it costs its evaluations.
/// </summary>
public sealed class Alerts : ComponentResource
{
    private readonly Place _place;
    private readonly Output<string> _workspace;
    private readonly ActionGroup _people;

    /// <summary>Creates the group of people and the rules.</summary>
    public Alerts(string name, AlertsArgs args, Telemetry telemetry, Place place, ComponentResourceOptions? options = null)
        : base("tribunal:observability:Alerts", name, options)
    {
        (_place, _workspace) = (place, telemetry.WorkspaceId);
        _people = new ActionGroup(name, new ActionGroupArgs
        {
            ResourceGroupName = place.ResourceGroup,
            ActionGroupName = place.Names.Of("ag"),
            Location = "Global",
            Tags = place.Tags,
            GroupShortName = "tribunal",
            Enabled = true,
            EmailReceivers =
            [
                .. args.Emails.Select((address, index) => (Input<MicrosoftCommonEmailReceiverArgs>)new MicrosoftCommonEmailReceiverArgs
                {
                    Name = $"mail-{index}", EmailAddress = address, UseCommonAlertSchema = true,
                }),
            ],
        }, new CustomResourceOptions { Parent = this });

        // A queue's length is no metric (only an account's is, once an hour): what can be seen is a message being put there.
        Rule("poison-queue", "A message could not be handled: look into the poison queue, then delete or resend it.", 2, "PT5M", "PT5M", resolves: false, $"""
            StorageQueueLogs
            | where OperationName == "PutMessage" and Uri matches regex "/({ResourceNames.EvaluationsQueue}|{ResourceNames.UploadsQueue}){ResourceNames.PoisonSuffix}/messages"
            """);

        Rule("valid-rate", "Too few judgements can be read: the judge's model, template or token limit is wrong.", 2, "PT15M", "PT15M", resolves: true, $"""
            AppMetrics
            | where Name == "{MetricNames.Judgements}"
            | extend outcome = tostring(Properties["{MetricNames.OutcomeTag}"])
            | summarize valid = sumif(Sum, outcome == "{MetricNames.ValidOutcome}"), drawn = sum(Sum)
            | where drawn >= 50 and valid < {args.ValidRateFloor.ToString(CultureInfo.InvariantCulture)} * drawn
            """);

        if (args.GpuApps.Count > 0)
        {
            // The queue alone tells nothing: a run reads its message at once, and works for hours. Nothing put there and nothing drawn does.
            Rule("gpu-for-nothing", "A GPU has run for an hour, nothing was asked for and nothing was judged: look for what keeps it awake.", 3, "PT15M", "PT1H", resolves: true, $"""
                let drawn = toscalar(AppMetrics | where Name == "{MetricNames.Judgements}" | summarize sum(Sum));
                let asked = toscalar(StorageQueueLogs | where OperationName == "PutMessage" and Uri has "/{ResourceNames.EvaluationsQueue}/messages" | summarize count());
                AzureMetrics
                | where ResourceProvider =~ "MICROSOFT.APP" and MetricName == "Replicas" and Resource in~ ({string.Join(", ", args.GpuApps.Select(app => $"\"{app}\""))})
                | summarize up = countif(Maximum > 0), seen = count() by Resource
                | where seen >= 50 and up >= 50 and coalesce(drawn, 0.0) == 0 and asked == 0
                """);
        }

        RegisterOutputs();
    }

    /// <summary>Resource id of the people who are told.</summary>
    public Output<string> PeopleId => _people.Id;

    private void Rule(string name, string what, int severity, string every, string over, bool resolves, string query) =>
        new ScheduledQueryRule(name, new ScheduledQueryRuleArgs
        {
            ResourceGroupName = _place.ResourceGroup,
            RuleName = _place.Names.Of(name),
            Location = _place.Location,
            Tags = _place.Tags,
            Kind = Kind.LogAlert,
            DisplayName = $"Tribunal: {name}",
            Description = what,
            Severity = severity,
            Enabled = true,
            Scopes = [_workspace],
            EvaluationFrequency = every,
            WindowSize = over,
            AutoMitigate = resolves,
            // The tables come into being with the first row.
            SkipQueryValidation = true,
            Criteria = new ScheduledQueryRuleCriteriaArgs
            {
                AllOf =
                [
                    new ConditionArgs
                    {
                        Query = query,
                        TimeAggregation = TimeAggregation.Count,
                        Operator = "GreaterThan",
                        Threshold = 0,
                        FailingPeriods = new ConditionFailingPeriodsArgs { NumberOfEvaluationPeriods = 1, MinFailingPeriodsToAlert = 1 },
                    },
                ],
            },
            Actions = new ActionsArgs { ActionGroups = [_people.Id] },
        }, new CustomResourceOptions { Parent = this });
}
