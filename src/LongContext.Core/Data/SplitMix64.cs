namespace LongContext.Data;

/// <summary>
/// SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"): the same numbers in every version of
/// .NET and on every machine, so that a run may be resumed elsewhere.
/// </summary>
internal struct SplitMix64
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;
    private ulong state;

    public SplitMix64(ulong seed) => state = seed;

    /// <summary>A generator of its own for each pair, far from those of the neighbouring pairs.</summary>
    public SplitMix64(long seed, long number)
    {
        state = Mix(unchecked((ulong)seed + Gamma));
        state = Mix(unchecked(state + ((ulong)number * Gamma)));
    }

    public ulong Next() => Mix(state = unchecked(state + Gamma));

    /// <summary>In [0, 1), a multiple of 2⁻⁵³.</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [0, bound).</summary>
    public int NextInt(int bound) => (int)Math.BigMul(Next(), (ulong)bound, out _);

    public void Shuffle<T>(Span<T> values)
    {
        for (int i = values.Length - 1; i > 0; i--)
        {
            int j = NextInt(i + 1);
            (values[i], values[j]) = (values[j], values[i]);
        }
    }

    private static ulong Mix(ulong z) => unchecked(Finish((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9));

    private static ulong Finish(ulong z)
    {
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        return z ^ (z >> 31);
    }
}
