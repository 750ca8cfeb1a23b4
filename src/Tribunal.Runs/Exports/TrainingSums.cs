using System.Text.Json;
using Tribunal.Formats;
using Tribunal.Formats.TrainingSets;
using Tribunal.Rollouts;
using Tribunal.Runs.Storage;
using Tribunal.Training;

namespace Tribunal.Runs.Exports;

/// <summary>Counts what is decided, so that everything adds up to the ledger.</summary>
internal sealed class TrainingSums(TrainingForm form)
{
    private readonly SortedDictionary<DropReason, long> _dropped = [];
    private readonly SortedDictionary<string, long> _rewards = new(StringComparer.Ordinal);
    private readonly SpuriousCues _cues = new();
    private readonly SortedDictionary<string, SpuriousCues> _domains = new(StringComparer.Ordinal);
    private long _kept;
    private long _keptHinted;
    private long _items;
    private long _keptItems;
    private long _tooEasy;
    private long _rollouts;
    private long _unlabelled;

    public long Examples { get; set; }

    public void Add(Rollout rollout, IReadOnlyList<Trajectory> decided)
    {
        _rollouts++;
        _unlabelled += Label.IsGiven(rollout) ? 0 : 1;
        foreach (Trajectory trajectory in decided)
        {
            if (trajectory.Dropped is { } reason)
            {
                _dropped[reason] = _dropped.GetValueOrDefault(reason) + 1;
            }
            else
            {
                _kept++;
                _keptHinted += trajectory.Judgement.Hinted ? 1 : 0;
                string reward = trajectory.Reward > 0 ? "+1" : $"-1 {trajectory.Cause}";
                _rewards[reward] = _rewards.GetValueOrDefault(reward) + 1;
            }
        }

        foreach (IGrouping<string, Trajectory> item in decided
            .Where(static t => t.Label is not null && t.Dropped is not (DropReason.Repeated or DropReason.ExcludedDomain or DropReason.PromptUnknown))
            .GroupBy(static t => $"{t.Judgement.Judge}|{string.Join(',', t.Judgement.Pair ?? [])}", StringComparer.Ordinal))
        {
            Trajectory[] kept = [.. item.Where(static t => t.Dropped is null)];
            _items++;
            _keptItems += kept.Length > 0 ? 1 : 0;
            _tooEasy += item.Any(static t => t.Dropped == DropReason.TooEasy) ? 1 : 0;
            if (kept.Length > 0)
            {
                AddCues(_cues, rollout, kept);
                if (rollout.Domain is { Length: > 0 } domain)
                {
                    if (!_domains.TryGetValue(domain, out SpuriousCues? own))
                    {
                        _domains.Add(domain, own = new SpuriousCues());
                    }

                    AddCues(own, rollout, kept);
                }
            }
        }
    }

    public void NotInBatch(long lines)
    {
        if (lines > 0)
        {
            _dropped[DropReason.NotInBatch] = _dropped.GetValueOrDefault(DropReason.NotInBatch) + lines;
        }
    }

    public TrainingReport ToReport(TrainingExportOptions options, RunManifest manifest, string file, long lines, IEnumerable<string> notes)
    {
        CueReport[] cues = [.. _cues.Counts().Select(static count => CueReport.Of(count))];
        CueReport[] local = _domains.Count < 2 ? [] : [.. _domains.SelectMany(static d => d.Value.Counts().Select(count => CueReport.Of(count, d.Key))).Where(static cue => cue.Predicts)];
        return new TrainingReport
        {
            Form = form,
            Run = manifest.RunId,
            Judge = manifest.Judge,
            Model = manifest.Model,
            Protocol = manifest.Protocol,
            Simulated = manifest.Simulated,
            File = file,
            Examples = Examples,
            Judgements = lines,
            Kept = _kept,
            KeptHinted = _keptHinted,
            Dropped = _dropped.ToDictionary(static d => NameOf(d.Key), static d => d.Value, StringComparer.Ordinal),
            Rewards = _rewards,
            Items = new ItemCounts(_items, _keptItems, _tooEasy),
            Rollouts = new RolloutCounts(_rollouts, _unlabelled),
            Trajectories = form == TrainingForm.Spct ? options.Trajectories : null,
            ExcludedDomains = options.ExcludedDomains.Count > 0 ? options.ExcludedDomains : null,
            HintsStripped = _keptHinted > 0 ? options.StripHints : null,
            Cues = [.. cues, .. local],
            Warnings = [.. Warnings(manifest, cues, local), .. notes],
        };
    }

    public static string NameOf(DropReason reason) => JsonSerializer.SerializeToElement(reason, FormatsJson.Default.DropReason).GetString()!;

    private IEnumerable<string> Warnings(RunManifest manifest, CueReport[] cues, CueReport[] local)
    {
        if (manifest.Simulated)
        {
            yield return "The judgements are the simulated judge's: the set shows how this works and is no data to train on.";
        }

        if (Examples == 0)
        {
            yield return "The set is empty.";
        }

        foreach (CueReport cue in cues.Concat(local).Where(static c => c.Predicts))
        {
            yield return $"{(cue.Domain is null ? "" : $"In {cue.Domain}, ")}\"{cue.Cue}\" is right for {cue.Agreement.Value:P1} of {cue.Agreement.Of:N0} [{cue.Agreement.Low:P1}, {cue.Agreement.High:P1}]: a judge trained on this may learn the cue instead.";
        }
    }

    private void AddCues(SpuriousCues cues, Rollout rollout, Trajectory[] kept)
    {
        cues.AddItem(rollout, kept[0].Label!);
        foreach (Trajectory trajectory in form == TrainingForm.Rlvr ? kept.DistinctBy(static t => string.Join(',', t.Judgement.Order)) : kept)
        {
            cues.AddExample(trajectory.Judgement.Order, trajectory.Label!);
        }

        if (form is TrainingForm.Rrm or TrainingForm.Meta)
        {
            foreach (Trajectory trajectory in kept)
            {
                cues.AddJudgement((trajectory.Judgement.Text?.Length ?? 0) + (trajectory.Judgement.Reasoning?.Length ?? 0), trajectory.Reward > 0);
            }
        }
    }
}
