using Tribunal.MetaReward;
using Tribunal.Runs.Judges;

namespace Tribunal.Testing.Runs;

/// <summary>Registries of judges that are there already.</summary>
public static class KnownJudges
{
    /// <summary>A registry of judges alone; the first serves requests that name none.</summary>
    public static JudgeRegistry Of(params IReadOnlyList<Judge> judges) => Of(judges, [], []);

    /// <summary>A registry of judges, meta reward models, and those of one's own.</summary>
    public static JudgeRegistry Of(IReadOnlyList<Judge> judges, IReadOnlyList<IMetaRewardModel> metas, IReadOnlyList<LearnedMetaModel> learned) => new(
        name => judges.FirstOrDefault(judge => name is null || judge.Name == name) ?? throw Unknown("judge", $"there is no judge '{name}'"),
        (name, _) => metas.FirstOrDefault(meta => meta.Name == name) ?? throw Unknown("meta.model", $"there is no meta reward model '{name}'"),
        learned);

    private static JudgeConfigurationException Unknown(string field, string message) => new([new Problem(field, message)]);
}
