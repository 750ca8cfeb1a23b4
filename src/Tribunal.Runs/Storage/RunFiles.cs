using System.Buffers;
using System.Globalization;

namespace Tribunal.Runs.Storage;

/// <summary>Names of what a run folder holds.</summary>
public static class RunFiles
{
    /// <summary>What the run is.</summary>
    public const string Manifest = "manifest.json";

    /// <summary>The shards.</summary>
    public const string Shards = "shards.jsonl";

    /// <summary>The batch in ranges, where the original can't be read so.</summary>
    public const string Batch = "batch.jsonl";

    /// <summary>The batch of a server's record: what its clients sent.</summary>
    public const string Served = "rollouts.jsonl";

    /// <summary>Refused lines.</summary>
    public const string Invalid = "invalid.jsonl";

    /// <summary>The ledger.</summary>
    public const string Judgements = "judgements.jsonl";

    /// <summary>The verdicts.</summary>
    public const string Verdicts = "verdicts.jsonl";

    /// <summary>The summary; written last: its status says whether the run is complete.</summary>
    public const string Summary = "summary.json";

    /// <summary>What the run has learned of its judge from its first wave.</summary>
    public const string JudgeModel = "judge-model.json";

    /// <summary>The report.</summary>
    public const string Report = "report.html";

    /// <summary>What the members of a panel weigh, where the run has learned it.</summary>
    public const string PanelWeights = "panel.json";

    /// <summary>Protocol files that the run judges by.</summary>
    public const string ProtocolsPrefix = "protocols/";

    /// <summary>A protocol file, by the SHA-256 of its text.</summary>
    public static string Protocol(string sha256) => $"{ProtocolsPrefix}{sha256[..16]}.yaml";

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>Whether a name is that of a protocol file.</summary>
    public static bool IsProtocol(string name) => name.Length == ProtocolsPrefix.Length + 21 && name.StartsWith(ProtocolsPrefix, StringComparison.Ordinal)
        && name.EndsWith(".yaml", StringComparison.Ordinal) && name.AsSpan(ProtocolsPrefix.Length, 16).IndexOfAnyExcept(HexDigits) < 0;

    /// <summary>What people say of rollouts (<see cref="Runs.Labels.RunLabels"/>); only ever added to.</summary>
    public const string Labels = "labels.jsonl";

    /// <summary>A document that, while it is there, asks whoever works on a local run to stop it softly.</summary>
    public const string Cancel = "cancel";

    /// <summary>The command line that the run was last worked on with, for going on with it.</summary>
    public const string CommandLine = "command.json";

    /// <summary>Files for a batch API, and from it.</summary>
    public const string BatchApiPrefix = "openai-batch/";

    /// <summary>Everything below it is work in progress and goes when the run is published.</summary>
    public const string PartsPrefix = "parts/";

    /// <summary>Shares of the run's limits that its processes have taken, by attempt and number.</summary>
    public const string SpendingPrefix = PartsPrefix + "spending/";

    /// <summary>The prefix of a shard's parts.</summary>
    public static string ShardPrefix(int shard) => $"{PartsPrefix}{shard:D6}/";

    /// <summary>The draws that an attempt planned for a round of a wave.</summary>
    public static string Plan(int shard, long attempt, int wave, int round) => $"{ShardPrefix(shard)}plan-{attempt}-{wave:D2}-{round:D3}.jsonl";

    /// <summary>Meta rewards that an attempt asked for again before it planned a round of a wave.</summary>
    public static string MetaRewards(int shard, long attempt, int wave, int round) => $"{ShardPrefix(shard)}meta-{attempt}-{wave:D2}-{round:D3}.jsonl";

    /// <summary>The ledger part of a chunk of a round.</summary>
    public static string Part(int shard, int wave, int round, int chunk) => $"{ShardPrefix(shard)}ledger-{wave:D2}-{round:D3}-{chunk:D4}.jsonl";

    /// <summary>The ledger part with what a run that was opened again keeps of a shard.</summary>
    public static string Kept(int shard) => $"{ShardPrefix(shard)}ledger-kept.jsonl";

    /// <summary>A shard's ledger with each judgement once, where its parts hold lines that don't count.</summary>
    public static string ShardJudgements(int shard) => $"{ShardPrefix(shard)}judgements.jsonl";

    /// <summary>A shard's verdicts.</summary>
    public static string ShardVerdicts(int shard) => $"{ShardPrefix(shard)}verdicts.jsonl";

    /// <summary>A shard's share of the summary.</summary>
    public static string ShardSummary(int shard) => $"{ShardPrefix(shard)}summary.json";

    /// <summary>How many judgements each of a shard's rollouts may have in a wave of the budget policy.</summary>
    public static string Allowances(int shard, int wave) => $"{ShardPrefix(shard)}allowances-{wave:D2}.json";

    /// <summary>Whether a name below a shard's prefix is a ledger part.</summary>
    public static bool IsLedgerPart(string name) =>
        name.StartsWith(PartsPrefix, StringComparison.Ordinal) && name.Contains("/ledger-", StringComparison.Ordinal);

    /// <summary>Whether a name below a shard's prefix holds meta rewards that were asked for again.</summary>
    internal static bool IsMetaRewards(string name) =>
        name.StartsWith(PartsPrefix, StringComparison.Ordinal) && name.Contains("/meta-", StringComparison.Ordinal);

    /// <summary>Whether a ledger part is of a round before another, so that nobody writes to it any more.</summary>
    internal static bool IsBefore(string ledgerPart, int wave, int round) => RoundOf(ledgerPart) is not { } of || of.CompareTo((wave, round)) < 0;

    // The wave and round whose chunk writes a ledger part; null for the part that holds what was kept, to which nothing is added.
    private static (int Wave, int Round)? RoundOf(string ledgerPart)
    {
        string[] numbers = Path.GetFileNameWithoutExtension(ledgerPart).Split('-');
        return numbers is [_, var wave, var round, _] && int.TryParse(wave, NumberStyles.None, CultureInfo.InvariantCulture, out int w)
            && int.TryParse(round, NumberStyles.None, CultureInfo.InvariantCulture, out int r) ? (w, r) : null;
    }
}
