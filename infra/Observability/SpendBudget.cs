using Pulumi;
using Pulumi.AzureNative.Consumption;
using Pulumi.AzureNative.Consumption.Inputs;

namespace Tribunal.Infra.Observability;

/// <summary>
/// A monthly budget of the resource group. It writes at 50, 80 and 100 % spent and when 100 % is forecast; it stops nothing:
/// what bounds an hour's cost is the judge's replicas.
/// </summary>
public sealed class SpendBudget : ComponentResource
{
    /// <summary>Creates the budget; it costs nothing.</summary>
    /// <param name="name">Pulumi's name.</param>
    /// <param name="amount">A month's amount, in the subscription's currency.</param>
    /// <param name="start">First day of the month it begins in, <c>yyyy-MM-01</c>.</param>
    /// <param name="emails">Who is written to.</param>
    /// <param name="groupId">Resource id of the group.</param>
    /// <param name="place">Where.</param>
    /// <param name="options">Pulumi's options.</param>
    public SpendBudget(
        string name, double amount, string start, IReadOnlyList<string> emails, Output<string> groupId, Place place, ComponentResourceOptions? options = null)
        : base("tribunal:observability:SpendBudget", name, options)
    {
        Budget budget = new(name, new BudgetArgs
        {
            Scope = groupId,
            BudgetName = place.Names.Of("budget"),
            Category = CategoryType.Cost,
            TimeGrain = TimeGrainType.Monthly,
            Amount = amount,
            TimePeriod = new BudgetTimePeriodArgs { StartDate = $"{start}T00:00:00Z" },
            Notifications =
            {
                ["spent50"] = Notification(50, ThresholdType.Actual, emails),
                ["spent80"] = Notification(80, ThresholdType.Actual, emails),
                ["spent100"] = Notification(100, ThresholdType.Actual, emails),
                ["forecast100"] = Notification(100, ThresholdType.Forecasted, emails),
            },
        }, new CustomResourceOptions
        {
            Parent = this,
            // Azure refuses a start in the past on a new budget and a changed one on an old: the first counts.
            IgnoreChanges = { "timePeriod" },
        });
        Id = budget.Id;
        RegisterOutputs();
    }

    /// <summary>Resource id.</summary>
    public Output<string> Id { get; }

    private static NotificationArgs Notification(double percent, ThresholdType type, IReadOnlyList<string> emails) => new()
    {
        Enabled = true,
        Operator = OperatorType.GreaterThanOrEqualTo,
        Threshold = percent,
        ThresholdType = type,
        ContactEmails = [.. emails],
    };
}
