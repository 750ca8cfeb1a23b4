using Tribunal.RewardServer.Judging;
using Tribunal.RewardServer.Trainers;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;

namespace Tribunal.RewardServer.Serving;

/// <summary>
/// The handlers for hosts whose instances come and go, such as Functions: opened with the first request, with the configured
/// default judge, over the runs' storage. Instances share one record, each with parts of its own, and make one server of many.
/// </summary>
/// <param name="stores">The runs' storage.</param>
/// <param name="judges">The configured judges.</param>
/// <param name="request">Judge, protocol, policy and meta that rewards are judged with; asked once.</param>
/// <param name="options">How requests become groups.</param>
/// <param name="time">The clock.</param>
public sealed class RewardService(IRunStores stores, JudgeRegistry judges, Func<EvaluationRequest> request, RewardOptions options, TimeProvider time) : IAsyncDisposable
{
    private readonly SemaphoreSlim _opening = new(1);
    private RewardDesk? _desk;
    private RewardHost? _host;

    /// <summary>The handlers.</summary>
    /// <exception cref="JudgeConfigurationException">The configured defaults can't judge.</exception>
    public async Task<RewardHost> HostAsync(CancellationToken cancellationToken)
    {
        if (_host is { } open)
        {
            return open;
        }

        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (_host is null)
            {
                EvaluationRequest wanted = request();
                IReadOnlyDictionary<string, string> files = await ProtocolTexts.GivenAsync(stores, "rewards", wanted, cancellationToken);
                JudgeRoutes routes = RewardJudges.Resolve(judges, wanted, files);
                byte[] manifest = ServeManifest.Of(routes, wanted, files);
                RewardLedger ledger = await RewardLedger.OpenSharedAsync(stores, manifest, cancellationToken);
                _desk = await RewardDesk.OpenAsync(routes, wanted, options, ledger, time, cancellationToken);
                _host = RewardHost.Of(_desk, options, time);
            }

            return _host;
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_desk is not null)
        {
            await _desk.DisposeAsync();
        }

        _opening.Dispose();
    }
}

/// <summary>What answers the trainers' forms.</summary>
/// <param name="Rewards">Most of them.</param>
/// <param name="Roll">ROLL's.</param>
/// <param name="Chat">The chat endpoint's.</param>
public sealed record RewardHost(RewardHandlers Rewards, RollHandlers Roll, ChatHandlers Chat)
{
    internal static RewardHost Of(RewardDesk desk, RewardOptions options, TimeProvider time)
    {
        var rewards = new RewardHandlers(desk, options);
        return new RewardHost(rewards, new RollHandlers(rewards, desk, options, time), new ChatHandlers(desk, options.ChatVotes));
    }
}
