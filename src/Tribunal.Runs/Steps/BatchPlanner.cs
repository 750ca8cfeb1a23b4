using System.Security.Cryptography;
using Tribunal.Formats;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Tournaments;

namespace Tribunal.Runs.Steps;

/// <summary>
/// Reads the batch once, in flat memory: refuses bad lines, cuts shards of about equal work, and writes the manifest last,
/// so that a plan is there whole or not at all.
/// </summary>
internal sealed class BatchPlanner(IRunStore store, IBatchFile batch, JudgeRoutes routes, IReadOnlyDictionary<string, string> protocols, ActivityOptions options, TimeProvider time)
{
    private static readonly string[] PlanFiles = [RunFiles.Invalid, RunFiles.Batch, RunFiles.Shards];

    public async Task<RunManifest> PlanAsync(BatchRun run, CancellationToken cancellationToken)
    {
        RunManifest wanted = RunBranches.ManifestOf(run.RunId, run.Request with { RetryFailed = false }, await batch.FingerprintAsync(cancellationToken), routes, protocols, time.GetUtcNow()) with
        {
            MetaProtocol = routes.Own.Meta?.Protocol is { } meta ? $"{meta.Name} {ProtocolTexts.Sha256(meta.Text)}" : null,
        };
        RunManifest? manifest = await KnownAsync(cancellationToken);
        bool extended = false;
        if (manifest?.WhyNotResumable(wanted) is { } why)
        {
            extended = manifest.IsExtendedBy(wanted) && await RunFolder.HoldsJudgementsAsync(store, cancellationToken);
            if (!extended)
            {
                manifest = await RunFolder.TryForgetPlanAsync(store, cancellationToken) ? null : throw Mismatch(manifest, wanted, why);
            }
        }

        if (manifest is null)
        {
            RunManifest planned = await CutAsync(wanted, options.DrawsPerShard, cancellationToken);
            await KeepProtocolsAsync(cancellationToken);
            await StoredManifest.WriteAsync(store, planned, cancellationToken);
            return planned;
        }

        await MakeWholeAsync(manifest, cancellationToken);
        if (extended)
        {
            // The ledger first: killed in between, the run is like one that was interrupted, and is extended then.
            await PublishedLedger.TakeBackAsync(store, manifest.Normalised ? new StoredBatchFile(store, RunFiles.Batch) : batch, manifest, static _ => true, cancellationToken);
            manifest = manifest with
            {
                Request = manifest.Request with { Policy = run.Request.Policy },
                Extensions = [.. manifest.Extensions ?? [], new RunExtension(time.GetUtcNow(), manifest.Request.Policy.Samples)],
            };
            await StoredManifest.WriteAsync(store, manifest, cancellationToken);
        }

        await KeepProtocolsAsync(cancellationToken);
        if (manifest.Request.Limits != run.Request.Limits)
        {
            manifest = manifest with { Request = manifest.Request with { Limits = run.Request.Limits } };
            await StoredManifest.WriteAsync(store, manifest, cancellationToken);
        }

        return manifest;
    }

    private Task KeepProtocolsAsync(CancellationToken cancellationToken) =>
        ProtocolTexts.KeepAsync(store, [.. protocols.Values, .. routes.Own.Meta?.Protocol is { } meta ? [meta.Text] : Array.Empty<string>()], cancellationToken);

    // A run without a manifest was interrupted before it drew anything, or has lost it: nobody could tell then what its judgements are of.
    private async Task<RunManifest?> KnownAsync(CancellationToken cancellationToken)
    {
        RunDamagedException? damaged;
        try
        {
            if (await StoredManifest.ReadAsync(store, cancellationToken) is { } known)
            {
                return known;
            }

            damaged = StoredManifest.Damaged(store.RunId);
        }
        catch (RunDamagedException exception)
        {
            damaged = exception;
        }

        return await RunFolder.HoldsJudgementsAsync(store, cancellationToken) ? throw damaged : null;
    }

    // What the plan wrote is made again where it is not as it was: the batch is, and is cut alike.
    private async Task MakeWholeAsync(RunManifest manifest, CancellationToken cancellationToken)
    {
        foreach (string name in manifest.Files.Keys.Where(PlanFiles.Contains))
        {
            if (await RunFolder.IsWholeAsync(store, manifest, name, cancellationToken))
            {
                continue;
            }

            RunManifest again = await CutAsync(AsPlanned(manifest), manifest.DrawsPerShard, cancellationToken);
            if (PlanFiles.Any(file => again.Files.GetValueOrDefault(file) != manifest.Files.GetValueOrDefault(file)))
            {
                throw new RunDamagedException($"{name} of {store.RunId} is gone or damaged, and can't be made again from the batch as it was: put it back from a copy, or begin anew in another folder (what this one holds stays)");
            }

            return;
        }
    }

    // Shards are cut by what was asked for at first.
    private static RunManifest AsPlanned(RunManifest manifest) => manifest.Extensions is [var first, ..]
        ? manifest with { Request = manifest.Request with { Policy = manifest.Request.Policy with { Samples = first.Before } } }
        : manifest;

    private static RunMismatchException Mismatch(RunManifest manifest, RunManifest wanted, string why) => wanted.IsExtendedBy(manifest)
        ? new RunMismatchException($"{manifest.RunId} has {manifest.Request.Policy.Samples} judgements of each rollout or match, and {wanted.Request.Policy.Samples} are asked for: `tribunal vote` votes on the first {wanted.Request.Policy.Samples}, and asks no judge") { AsksForFewer = true }
        : new RunMismatchException($"{manifest.RunId} can't be resumed: {why}");

    private async Task<RunManifest> CutAsync(RunManifest wanted, int drawsPerShard, CancellationToken cancellationToken)
    {
        // What a plan that was interrupted has left.
        foreach (string name in PlanFiles)
        {
            await store.DeleteAsync(name, cancellationToken);
        }

        await using LazyPart invalidPart = new(store, RunFiles.Invalid);
        await using LazyPart copyPart = new(store, RunFiles.Batch);
        await using LazyPart shardsPart = new(store, RunFiles.Shards);
        LineWriter invalid = new(invalidPart.AppendAsync), copy = new(copyPart.AppendAsync), shards = new(shardsPart.AppendAsync);
        var validator = new RolloutValidator();
        var repeats = new PromptRepeats();
        var cut = new ShardCut();
        long rollouts = 0;
        InvalidLine? first = null;
        (int count, bool normalised) = (0, false);
        await foreach (BatchLine line in SelectedLines.ReadAsync(batch, wanted.Batch, wanted.Request, cancellationToken))
        {
            string? fault = line.Error ?? validator.Check(line.Rollout!);
            normalised |= !line.IsAddressable;
            if (fault is not null)
            {
                var refused = new InvalidLine(line.Line, fault, line.Rollout?.Id);
                first ??= refused;
                await invalid.WriteAsync(refused, FormatsJson.Default.InvalidLine, cancellationToken);
                if (line.IsAddressable)
                {
                    cut.Refuse(line.Line, line.Offset, line.Length, line.Rollout is not null);
                }

                continue;
            }

            rollouts++;
            repeats.Add(line.Rollout!);
            long offset = line.Offset, length = line.Length, number = line.Line;
            if (normalised)
            {
                (offset, number) = (copy.Bytes, rollouts);
                await copy.WriteAsync(line.Rollout!, TribunalJson.Default.Rollout, cancellationToken);
                length = copy.Bytes - offset;
            }

            cut.Accept(number, offset, length, DrawsFor(line.Rollout!, wanted.Request));
            if (cut.Draws >= drawsPerShard)
            {
                await shards.WriteAsync(cut.Take(count++), RunsJson.Default.Shard, cancellationToken);
            }
        }

        if (cut.Rollouts > 0)
        {
            await shards.WriteAsync(cut.Take(count++), RunsJson.Default.Shard, cancellationToken);
        }

        foreach (LineWriter writer in (LineWriter[])[invalid, copy, shards])
        {
            await writer.FlushAsync(cancellationToken);
        }

        if (rollouts == 0 && first is not null)
        {
            throw BatchFormatException.NothingFits(invalid.Lines, first);
        }

        return wanted with
        {
            Rollouts = rollouts,
            Invalid = invalid.Lines,
            Repeats = repeats.Count,
            Shards = count,
            Normalised = normalised,
            DrawsPerShard = drawsPerShard,
            Files = FilesOf(wanted, [invalidPart, copyPart, shardsPart]),
        };
    }

    private static SortedDictionary<string, string> FilesOf(RunManifest wanted, IEnumerable<LazyPart> parts)
    {
        var files = new SortedDictionary<string, string>(wanted.Files.ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal);
        foreach (LazyPart part in parts)
        {
            if (part.Sha256 is { } sha256)
            {
                files[part.Name] = sha256;
            }
        }

        return files;
    }

    // An estimate of the work, so that shards are about equal; what is drawn is the scheme's decision.
    private int DrawsFor(Rollout rollout, EvaluationRequest whole)
    {
        (EvaluationRequest request, Judge binding) = (whole, routes.Own);
        if (whole.Routing is { } table && table.For(rollout.Domain, task: null) is { } route)
        {
            (request, binding) = (JudgeRegistry.RequestFor(whole, route), routes.Routed[table.Routes.ToList().IndexOf(route)]);
        }

        int n = rollout.Responses.Count;
        if (routes.Panel is { } members)
        {
            return members.Sum(member => DrawsFor(JudgeRegistry.RequestFor(whole, whole.Judges!.Members[0]) with { Tournament = whole.Tournament }, member.Protocol.Kind, n));
        }

        return DrawsFor(request, binding.Protocol.Kind, n);
    }

    private static int DrawsFor(EvaluationRequest request, JudgingKind kind, int n)
    {
        int each = request.Policy.Kind == PolicyKind.Fixed ? request.Policy.Samples : Math.Max(request.Policy.Min * 2, 4);
        if (kind == JudgingKind.Listwise || n < 3)
        {
            return each;
        }

        int votes = request.Tournament.Votes ?? each;
        return votes * (request.Tournament.Kind switch
        {
            // Rounds wait for one another, and each has half the matches of the one before: a shard keeps the judge busy up to the semi-finals.
            TournamentKind.Knockout => n > 3 ? 2 : 1,
            TournamentKind.Swiss => n / 2,
            TournamentKind.Random or TournamentKind.Anchors => Math.Min(PairIndex.Count(n), n * request.Tournament.MeetingsEach),
            _ => PairIndex.Count(n),
        });
    }

    private sealed class ShardCut
    {
        private readonly List<long> _skip = [];
        private long _offset;
        private long _end;
        private long _firstLine;

        public int Rollouts { get; private set; }

        public int Draws { get; private set; }

        public void Accept(long line, long offset, long length, int draws)
        {
            if (Rollouts == 0)
            {
                (_offset, _firstLine) = (offset, line);
                _skip.Clear();
            }

            _end = offset + length;
            Rollouts++;
            Draws += draws;
        }

        public void Refuse(long line, long offset, long length, bool readable)
        {
            if (Rollouts > 0)
            {
                _end = offset + length;
                if (readable)
                {
                    _skip.Add(line);
                }
            }
        }

        public Shard Take(int index)
        {
            var shard = new Shard(index, _offset, _end - _offset, _firstLine, Rollouts, _skip.Count > 0 ? [.. _skip] : null);
            (Rollouts, Draws) = (0, 0);
            return shard;
        }
    }

    /// <summary>A part that is created with the first bytes that go into it.</summary>
    private sealed class LazyPart(IRunStore store, string name) : IAsyncDisposable
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private ILedgerPart? _part;

        public string Name => name;

        /// <summary>SHA-256 of what was written; null where nothing was.</summary>
        public string? Sha256 => _part is null ? null : Convert.ToHexStringLower(_hash.GetCurrentHash());

        public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            _part ??= await store.OpenPartAsync(name, cancellationToken);
            _hash.AppendData(bytes.Span);
            await _part.AppendAsync(bytes, cancellationToken);
        }

        public ValueTask DisposeAsync()
        {
            _hash.Dispose();
            return _part?.DisposeAsync() ?? ValueTask.CompletedTask;
        }
    }
}
