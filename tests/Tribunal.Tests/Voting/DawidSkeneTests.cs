using Tribunal.Rollouts;
using Tribunal.Voting;

namespace Tribunal.Tests.Voting;

/// <summary>Error rates without the truth.</summary>
public sealed class DawidSkeneTests
{
    // Table 1 of Dawid and Skene (1979): 45 patients, five anaesthetists, the first of whom saw each form three times.
    private const string Anaesthetists = """
        111/1/1/1/1 333/4/3/3/4 112/2/1/2/2 222/3/1/2/1 222/3/2/2/2 222/3/3/2/2 122/2/1/1/1 333/3/4/3/3 222/2/2/2/3 232/2/2/2/3
        444/4/4/4/4 222/3/3/4/3 111/1/1/1/1 222/3/2/1/2 121/1/1/1/1 111/2/1/1/1 111/1/1/1/1 111/1/1/1/1 222/2/2/2/1 222/1/3/2/2
        222/2/2/2/2 222/2/2/2/1 222/3/2/2/2 221/2/2/2/2 111/1/1/1/1 111/1/1/1/1 232/2/2/2/2 111/1/1/1/1 111/1/1/1/1 112/1/1/2/1
        111/1/1/1/1 333/3/2/3/3 111/1/1/1/1 222/2/2/2/2 222/3/2/3/2 433/4/3/4/3 221/2/2/3/2 232/3/2/3/3 333/3/4/3/2 111/1/1/1/1
        111/1/1/1/1 121/2/1/1/1 232/2/2/2/2 121/1/1/1/1 222/2/2/2/2
        """;

    [Fact]
    public void The_published_estimates_come_out()
    {
        var reports = new List<ObserverReport>();
        string[] patients = Anaesthetists.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        for (int patient = 0; patient < patients.Length; patient++)
        {
            string[] observers = patients[patient].Split('/');
            for (int observer = 0; observer < observers.Length; observer++)
            {
                reports.AddRange(observers[observer].Select(said => new ObserverReport(patient, observer, said - '1')));
            }
        }

        Assert.Equal(45, patients.Length);
        var fit = DawidSkene.Fit(reports, new DawidSkeneOptions { Classes = 4 });
        Equal([0.40, 0.42, 0.11, 0.07], fit.Shares);
        Equal([0.89, 0.11, 0.00, 0.00], fit.Says[0][0]);
        Equal([0.07, 0.88, 0.05, 0.00], fit.Says[0][1]);
        Equal([0.00, 0.34, 0.66, 0.00], fit.Says[0][2]);
        Equal([0.00, 0.00, 0.56, 0.44], fit.Says[0][3]);

        static void Equal(double[] published, double[] estimated)
        {
            for (int c = 0; c < published.Length; c++)
            {
                Assert.InRange(estimated[c], published[c] - 0.006, published[c] + 0.006);
            }
        }
    }

    [Fact]
    public void One_round_by_hand()
    {
        // Two items, two observers, one coin, equal shares. Item 0: both say 0; item 1: they differ. Start: (1, 0) and (½, ½), so each
        // is right 1 + ½ of 2 times: p = ¾. Then item 0 is 0 with ¾²/(¾² + ¼²) = 0.9, and item 1 stays open.
        ObserverReport[] reports = [new(0, 0, 0), new(0, 1, 0), new(1, 0, 0), new(1, 1, 1)];
        var fit = DawidSkene.Fit(reports, new DawidSkeneOptions { OneCoin = true, EstimateShares = false, MaxRounds = 1 });
        Assert.Equal(0.75, fit.Says[0][0][0], 12);
        Assert.Equal(0.75, fit.Says[1][1][1], 12);
        Assert.Equal(0.9, fit.Truth[0][0], 12);
        Assert.Equal(0.5, fit.Truth[1][0], 12);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Simulated_error_rates_are_recovered(bool oneCoin)
    {
        double[] right = [0.95, 0.85, 0.75, 0.65, 0.55];
        var random = new SeededRandom(7);
        var reports = new List<ObserverReport>();
        int[] truth = new int[3000];
        for (int item = 0; item < truth.Length; item++)
        {
            truth[item] = random.Next(2);
            for (int observer = 0; observer < right.Length; observer++)
            {
                bool turned = random.Next(2) == 0;
                // Whoever saw the classes turned errs on the turned ones; with a bias for what stands first unless it is one coin.
                int shown = turned ? 1 - truth[item] : truth[item];
                double p = oneCoin ? right[observer] : right[observer] + (shown == 0 ? 0.04 : -0.04);
                bool hit = random.NextDouble() < p;
                reports.Add(new ObserverReport(item, observer, hit ? truth[item] : 1 - truth[item], turned));
            }
        }

        var fit = DawidSkene.Fit(reports, new DawidSkeneOptions { OneCoin = oneCoin, EstimateShares = false });
        for (int observer = 0; observer < right.Length; observer++)
        {
            double bias = oneCoin ? 0 : 0.04;
            Assert.InRange(fit.Says[observer][0][0], right[observer] + bias - 0.03, right[observer] + bias + 0.03);
            Assert.InRange(fit.Says[observer][1][1], right[observer] - bias - 0.03, right[observer] - bias + 0.03);
        }

        double found = truth.Select((t, i) => fit.Truth[i][t] > 0.5 ? 1.0 : 0).Average();
        double majority = reports.GroupBy(static r => r.Item).Average(g => g.Count(r => r.Label == truth[g.Key]) > 2 ? 1.0 : 0);
        Assert.True(found > majority, $"{found} against {majority}");
    }

    [Fact]
    public void The_likelihood_rises_with_every_round()
    {
        var random = new SeededRandom(3);
        ObserverReport[] reports = [.. Enumerable.Range(0, 400).Select(i => new ObserverReport(i / 4, i % 4, random.Next(3)))];
        double[] likelihoods = [.. Enumerable.Range(1, 30).Select(rounds => DawidSkene.Fit(reports, new DawidSkeneOptions { Classes = 3, MaxRounds = rounds, Tolerance = 0 }).LogLikelihood)];
        Assert.All(likelihoods.Zip(likelihoods.Skip(1)), static pair => Assert.True(pair.Second >= pair.First - 1e-9));
    }

    [Fact]
    public void Reports_of_classes_that_are_none_are_refused()
    {
        Assert.Throws<ArgumentException>(() => DawidSkene.Fit([new ObserverReport(0, 0, 2)], new DawidSkeneOptions()));
        Assert.Throws<ArgumentException>(() => DawidSkene.Fit([], new DawidSkeneOptions()));
    }
}
