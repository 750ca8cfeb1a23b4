using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Tribunal.Rollouts;

/// <summary>
/// Hashes and seeded streams that are the same in every process and on every machine: sampling seeds, presentation
/// orders and tie breaks derive from names through it. Not for security.
/// </summary>
public static class StableHash
{
    /// <summary>XxHash64 of the parts, each length-prefixed, so that ("a","bc") and ("ab","c") differ.</summary>
    public static ulong Of(ulong seed, params ReadOnlySpan<string> parts)
    {
        int length = 0;
        foreach (string part in parts)
        {
            length = checked(length + sizeof(int) + Encoding.UTF8.GetByteCount(part));
        }

        // Names are short; whole texts are hashed too, but seldom.
        Span<byte> bytes = length <= 512 ? stackalloc byte[512] : new byte[length];
        int at = 0;
        foreach (string part in parts)
        {
            int count = Encoding.UTF8.GetBytes(part, bytes[(at + sizeof(int))..]);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[at..], count);
            at += sizeof(int) + count;
        }

        return XxHash64.HashToUInt64(bytes[..at], (long)seed);
    }

    /// <summary>Mixes a number into a hash (SplitMix64's finaliser).</summary>
    public static ulong Mix(ulong hash, ulong value)
    {
        ulong z = hash + (0x9E3779B97F4A7C15UL * (value + 1));
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}

/// <summary>A small seeded random stream (SplitMix64). The same seed gives the same numbers everywhere.</summary>
public struct SeededRandom(ulong seed)
{
    private ulong _state = seed;
    private ulong _count;

    /// <summary>The next 64 random bits.</summary>
    public ulong NextUInt64() => StableHash.Mix(_state, _count++);

    /// <summary>Uniform in [0, 1).</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in 0..<paramref name="exclusiveMax"/>−1.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="exclusiveMax"/> is below 1.</exception>
    public int Next(int exclusiveMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(exclusiveMax, 1);
        return (int)(((UInt128)NextUInt64() * (ulong)exclusiveMax) >> 64);
    }

    /// <summary>Standard normal (Box–Muller).</summary>
    public double NextNormal()
    {
        double u = 1.0 - NextDouble();
        return Math.Sqrt(-2.0 * Math.Log(u)) * Math.Cos(2.0 * Math.PI * NextDouble());
    }

    /// <summary>The numbers 0..<paramref name="count"/>−1 in random order.</summary>
    public int[] Permutation(int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        Shuffle(order.AsSpan());
        return order;
    }

    /// <summary>Shuffles in place (Fisher–Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
