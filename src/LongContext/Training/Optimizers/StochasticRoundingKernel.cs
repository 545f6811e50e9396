using System.Numerics;

namespace LongContext.Training.Optimizers;

/// <summary><see cref="StochasticRounding"/> over memory of the CPU, in one pass; the same bits as by libtorch's operators.</summary>
internal static unsafe class StochasticRoundingKernel
{
    /// <summary>Values that a thread takes at a time.</summary>
    private const int ValuesAtOnce = 1 << 14;

    private const uint Exponent = 0x7F800000;
    private const uint Mantissa = 0x007FFFFF;

    /// <summary>Rounds float32 to bfloat16.</summary>
    /// <param name="values">float32.</param>
    /// <param name="rounded">Upper halves of the result.</param>
    /// <param name="count">How many.</param>
    /// <param name="key">The key.</param>
    /// <param name="start">Index of the first in its parameter.</param>
    /// <param name="threads">Threads to use.</param>
    public static void Round(float* values, ushort* rounded, long count, ulong key, long start, int threads)
    {
        Parallel.For(0, (count + ValuesAtOnce - 1) / ValuesAtOnce, new ParallelOptions { MaxDegreeOfParallelism = threads }, chunk =>
        {
            long first = chunk * ValuesAtOnce;
            RoundPart((uint*)values + first, rounded + first, (int)Math.Min(ValuesAtOnce, count - first), key, (uint)(start + first));
        });
    }

    private static void RoundPart(uint* values, ushort* rounded, int count, ulong key, uint start)
    {
        int lanes = Vector<uint>.Count, i = 0;
        for (; i + (2 * lanes) <= count; i += 2 * lanes)
        {
            Vector<uint> first = Upper(Vector.Load(values + i), Vector.CreateSequence(start + (uint)i, 1u), key);
            Vector<uint> second = Upper(Vector.Load(values + i + lanes), Vector.CreateSequence(start + (uint)(i + lanes), 1u), key);
            Vector.Store(Vector.Narrow(first, second), rounded + i);
        }

        for (; i < count; i++) rounded[i] = (ushort)Upper(new Vector<uint>(values[i]), new Vector<uint>(start + (uint)i), key)[0];
    }

    private static Vector<uint> Upper(Vector<uint> bits, Vector<uint> index, ulong key)
    {
        Vector<uint> random = index ^ new Vector<uint>((uint)key);
        random = (random ^ (random >>> 16)) * new Vector<uint>(StochasticRounding.FirstFactor);
        random = (random ^ (random >>> 15) ^ new Vector<uint>((uint)(key >> 32))) * new Vector<uint>(StochasticRounding.SecondFactor);
        random = (random ^ (random >>> 16)) & new Vector<uint>(0xFFFF);
        Vector<uint> exponent = new(Exponent), notFinite = Vector.Equals(bits & exponent, exponent);
        // Of what is not finite infinity stays, and NaN keeps a bit of its mantissa.
        Vector<uint> isNumber = Vector.Equals(bits & new Vector<uint>(Mantissa), Vector<uint>.Zero), quiet = bits | Vector.AndNot(new Vector<uint>(0x00400000), isNumber);
        return Vector.ConditionalSelect(notFinite, quiet, bits + random) >>> 16;
    }
}
