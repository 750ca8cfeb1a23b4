using System.Globalization;
using System.Text;
using Tribunal.MetaReward;

namespace Tribunal.Cli.Output;

/// <summary>A meta reward model's card in words.</summary>
internal static class MetaCardText
{
    private const int Shown = 8;

    public static string Of(LearnedMetaModel model)
    {
        MetaModelCard card = model.File.Card;
        var text = new StringBuilder();
        Line($"{model.Id}: {card.Learner} over {card.FeatureSet} ({model.File.Features.Count} features), trained {card.Trained:yyyy-MM-dd HH:mm} UTC, seed {card.Seed}");
        Line($"  data         {card.Judgements:N0} judgements of {card.Rollouts:N0} labelled rollouts, {card.Right:P1} right{(card.Simulated ? "; SIMULATED" : "")}");
        Line($"  judges       {string.Join(", ", card.Judges)}");
        Line($"  unseen       {card.Folds} folds of rollouts");
        Line($"  AUC          {Figure(card.Auc)} over judgements, {Figure(card.AucInside)} inside rollouts (0.5 is chance)");
        Line($"  calibration  ECE {card.Ece:0.000}, log loss {card.LogLoss:0.000}");
        Line($"  matters      {string.Join(", ", card.Importances.Take(Shown).Select(static i => $"{i.Feature} {i.AucLoss:0.000}"))}");
        MetaVoteTrial vote = card.Vote;
        string use = vote.Keep is { } keep ? $"keeping {keep:P0}" : "weighing";
        Line($"  vote         plain {vote.Plain:P1}, guided ({use}) {vote.Guided:P1}: {100 * vote.Difference:+0.0;-0.0;0.0} points [{100 * vote.Low:+0.0;-0.0;0.0}, {100 * vote.High:+0.0;-0.0;0.0}] over {vote.Rollouts:N0} rollouts");
        Line($"  so           it {vote.Words}");
        return text.ToString();

        // The card is a file's: what it says must not drive a terminal.
        void Line(FormattableString line) => text.Append(TerminalText.Clean(line.ToString(CultureInfo.InvariantCulture))).Append('\n');
    }

    private static string Figure(double? value) => value is { } known ? known.ToString("0.000", CultureInfo.InvariantCulture) : "unknown";
}
