namespace Tribunal.Sampling;

/// <summary>Which votes or samples of a rollout or match have been drawn.</summary>
internal sealed class SlotSet
{
    private readonly ulong[] _bits = new ulong[(Limit + 63) / 64];

    /// <summary>The most samples a rollout or a match may have.</summary>
    public const int Limit = 1024;

    public void Add(int slot)
    {
        if ((uint)slot < Limit)
        {
            _bits[slot >> 6] |= 1UL << (slot & 63);
        }
    }

    public void Clear() => Array.Clear(_bits);

    public bool Has(int slot) => (uint)slot < Limit && (_bits[slot >> 6] & (1UL << (slot & 63))) != 0;

    /// <summary>Whether every slot below <paramref name="end"/> has been drawn.</summary>
    public bool Full(int end)
    {
        for (int slot = 0; slot < end; slot++)
        {
            if (!Has(slot))
            {
                return false;
            }
        }

        return true;
    }
}
