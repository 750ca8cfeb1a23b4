using System.Text;
using Tribunal.Runs.Storage;

namespace Tribunal.RewardServer.Judging;

/// <summary>
/// Which of several instances judges what: a document per rollout that is being judged names the instance, which is alive as long as it holds
/// its part of the record. An instance that has a record alone has every claim.
/// </summary>
/// <param name="store">The record.</param>
/// <param name="instance">This one; null where it is the only one.</param>
internal sealed class Claims(IRunStore store, string? instance) : IDisposable
{
    private const string Folder = "claims/";

    // One at a time here: they would keep one another out of a dead instance's part.
    private readonly SemaphoreSlim _takingOver = new(1);

    /// <summary>Takes a rollout, or takes it over from an instance that is dead.</summary>
    /// <returns>False where another instance has it, or had it a moment ago.</returns>
    public async Task<bool> TakeAsync(string rollout, CancellationToken cancellationToken)
    {
        if (instance is null)
        {
            return true;
        }

        string name = Folder + rollout;
        byte[] own = Encoding.UTF8.GetBytes(instance);
        if (await store.TryCreateDocumentAsync(name, own, cancellationToken))
        {
            return true;
        }

        if (await store.ReadDocumentAsync(name, cancellationToken) is not { } owner)
        {
            return false;
        }

        if (owner.AsSpan().SequenceEqual(own))
        {
            return true;
        }

        await _takingOver.WaitAsync(cancellationToken);
        try
        {
            // Who holds the part of a dead instance is the only one who takes over from it.
            await using ILedgerPart? left = await LeftAsync(Encoding.UTF8.GetString(owner), cancellationToken);
            if (left is null || await store.ReadDocumentAsync(name, cancellationToken) is not { } still || !still.AsSpan().SequenceEqual(owner))
            {
                return false;
            }

            await store.WriteDocumentAsync(name, own, cancellationToken);
            return true;
        }
        finally
        {
            _takingOver.Release();
        }
    }

    /// <summary>Gives a rollout back: its verdict is recorded, or another may try.</summary>
    public Task ReleaseAsync(string rollout) => instance is null ? Task.CompletedTask : store.DeleteAsync(Folder + rollout, CancellationToken.None);

    /// <inheritdoc/>
    public void Dispose() => _takingOver.Dispose();

    private async Task<ILedgerPart?> LeftAsync(string other, CancellationToken cancellationToken)
    {
        try
        {
            return await store.OpenPartAsync(Parts.NameOf(Parts.Rollouts, other), cancellationToken);
        }
        catch (PartBusyException)
        {
            return null;
        }
    }
}
