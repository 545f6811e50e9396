namespace LongContext.Models;

/// <summary>Derives seeds from a seed and numbers, stable over processes and machines.</summary>
internal static class SeedMix
{
    /// <summary>A seed that differs for each pair (the finaliser of SplitMix64, Steele et al. 2014, over their combination).</summary>
    public static ulong Combine(ulong seed, ulong number)
    {
        ulong z = unchecked((seed * 0xD1342543DE82EF95UL) + number + 0x9E3779B97F4A7C15UL);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBUL);
        return z ^ (z >> 31);
    }
}
