namespace LongContext.Evaluation.Tasks;

/// <summary>
/// SplitMix64 (Steele, Lea and Flood 2014): written out here so that a seed makes the same item on every runtime, which
/// <see cref="Random"/> does not promise.
/// </summary>
internal sealed class SeededRandom(int seed)
{
    private ulong state = (ulong)(uint)seed;

    /// <summary>Uniform in 0..count − 1.</summary>
    public int Next(int count) => (int)Math.BigMul(NextBits(), (ulong)count, out _);

    /// <summary>Uniform in [0, 1).</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    private ulong NextBits()
    {
        state += 0x9E3779B97F4A7C15;
        ulong bits = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
        return bits ^ (bits >> 31);
    }
}
