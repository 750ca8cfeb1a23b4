using Tribunal.Formats.Ledger;
using Tribunal.Judgements;

namespace Tribunal.Runs.Storage;

/// <summary>Writes judgements.</summary>
internal sealed class LedgerWriter(ILedgerPart part) : PartLineWriter<TracedJudgement>(part, JudgementLine.Write);
