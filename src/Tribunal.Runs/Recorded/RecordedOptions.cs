using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Protocols.Declared;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Recorded;

/// <summary>How judgements are voted on that are there already: by their protocol's name, without their judge.</summary>
public static class RecordedOptions
{
    /// <summary>The vote that a request asks for.</summary>
    /// <param name="request">The request.</param>
    /// <param name="protocol">The protocol of all judgements; null, or a name that is not known, where they are of any origin.</param>
    /// <param name="file">The protocol's file, where it is none of the catalog.</param>
    /// <param name="model">A learned meta reward model that scores them.</param>
    public static SchemeOptions Of(EvaluationRequest request, string? protocol, string? file, LearnedMetaModel? model)
    {
        if (protocol is null || (file is null && !ProtocolCatalog.Names.Contains(protocol)))
        {
            return Schemes.OptionsFor(request, JudgingKind.Pairwise, new SchemeOptions { Kind = JudgingKind.Listwise }.ScoreRange, model);
        }

        IProtocol known = ProtocolCatalog.Resolve(protocol, null, file).Protocol;
        return Schemes.OptionsFor(request, known.Kind, known.ScoreRange, model);
    }

    /// <summary>The vote on what another tool recorded: scores on a scale that nothing tells are on that from the lowest to the highest.</summary>
    /// <param name="options">The vote.</param>
    /// <param name="scores">The lowest and the highest score; null for none.</param>
    public static SchemeOptions Imported(SchemeOptions options, (double Min, double Max)? scores) =>
        scores is { } seen && (seen.Min < options.ScoreRange.Min || seen.Max > options.ScoreRange.Max) ? options with { ScoreRange = seen } : options;

    /// <summary>The vote of a run, over what it has so far: nothing is learned and no policy replayed.</summary>
    /// <param name="manifest">The run.</param>
    /// <param name="files">The protocol files that it keeps, by the names of their protocols.</param>
    public static SchemeOptions SoFar(RunManifest manifest, IReadOnlyDictionary<string, string> files)
    {
        EvaluationRequest request = manifest.Request.Tournament.Kind == Tournaments.TournamentKind.None ? manifest.Request with { Policy = new() } : manifest.Request;
        return Of(request, manifest.Protocol, files.GetValueOrDefault(manifest.Protocol), model: null) with { Members = manifest.Footing };
    }

    /// <summary>The protocol files that a run keeps, by the names of their protocols.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> KeptFilesAsync(IRunStore store, RunManifest manifest, CancellationToken cancellationToken)
    {
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string sha256 in (manifest.ProtocolFiles ?? new Dictionary<string, string>()).Values)
        {
            if (await store.ReadDocumentAsync(RunFiles.Protocol(sha256), cancellationToken) is { } bytes
                && System.Text.Encoding.UTF8.GetString(bytes) is var text && ProtocolFileReader.IsProtocol(text))
            {
                files.TryAdd(ProtocolFileReader.Read(text).Name, text);
            }
        }

        return files;
    }
}
