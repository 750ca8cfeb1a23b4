namespace Tribunal.Viewer.Index;

/// <summary>
/// Keeps memory near what is kept: lines of a ledger are garbage as soon as they are read, and the runtime would let more of it gather
/// than all rows take. What survives such a collection is little, so that it costs little.
/// </summary>
internal sealed class Sweep
{
    private const long Every = 8 * 1024 * 1024;
    private long _last = GC.GetTotalAllocatedBytes();

    /// <summary>Collects where enough was allocated since the last time.</summary>
    public void Up()
    {
        long allocated = GC.GetTotalAllocatedBytes();
        if (allocated - _last > Every)
        {
            _last = allocated;
            GC.Collect(0, GCCollectionMode.Forced, blocking: true);
        }
    }
}
