using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Cpu.Attention;

/// <summary>
/// Rows of queries and of weights as 16-bit integers, for products with int8: x ≈ scale · code to the nearest (ties to even), scale = largest magnitude / 32767, an error of at most scale / 2 each. That is 1/258
/// of what a code of int8 may be off; a sum over a head (256 at most) or a block of keys (256) stays below 2³¹.
/// </summary>
internal static unsafe class IntegerRounding
{
    private const int Lanes = CacheLayout.LaneTokens;
    private const float LargestCode = short.MaxValue;

    /// <summary>Rows whose largest magnitude is below this count as zeros: 32767 over it must be finite.</summary>
    private const float Smallest = 1e-30f;

    /// <summary>Rounds any number of numbers.</summary>
    /// <param name="x">The numbers.</param>
    /// <param name="count">How many.</param>
    /// <param name="codes">Gets the codes, and a 0 behind the last where their number is odd.</param>
    /// <returns>The scale; NaN or infinite where a number is, so that results are.</returns>
    public static float Round(float* x, int count, short* codes)
    {
        float largest = 0;
        int done = 0;
        if (count >= Lanes)
        {
            Vector512<uint> most = Vector512<uint>.Zero;
            for (; done + Lanes <= count; done += Lanes) most = Vector512.Max(most, Vector512.Abs(Vector512.Load(x + done)).AsUInt32());
            largest = Largest(most);
        }

        for (; done < count; done++) largest = MathF.Max(largest, MathF.Abs(x[done]));
        if (count % 2 != 0) codes[count] = 0;
        if (largest < Smallest)
        {
            new Span<short>(codes, count).Clear();
            return 0;
        }

        float factor = LargestCode / largest;
        for (done = 0; done + Lanes <= count; done += Lanes) Words(Vector512.Load(x + done) * Vector512.Create(factor)).Store(codes + done);
        for (; done < count; done++) codes[done] = (short)(int)MathF.Round(x[done] * factor, MidpointRounding.ToEven);
        return largest / LargestCode;
    }

    /// <summary>Rounds a row's weights, zeros or more, of the keys from start up to end; around them, in the vectors from first up to last, come zeros.</summary>
    /// <param name="weights">The block's weights; those beside the row's in its first and last vector become 0.</param>
    /// <param name="start">First key that is seen.</param>
    /// <param name="end">One past the last; there is one.</param>
    /// <param name="first">First key of the codes that are written, a multiple of 16.</param>
    /// <param name="last">One past the last, a multiple of 16.</param>
    /// <param name="codes">Gets the codes.</param>
    /// <returns>The scale.</returns>
    public static float RoundWeights(float* weights, int start, int end, int first, int last, short* codes)
    {
        // In a loop of their own behind the exponentials': within it they took longer, and the largest would have to be guessed.
        int from = start & -Lanes, to = (end + Lanes - 1) & -Lanes;
        // Beside them is what slots without a token make: 0 times whatever stands for a scale.
        new Span<float>(weights + from, start - from).Clear();
        new Span<float>(weights + end, to - end).Clear();
        Vector512<uint> most = Vector512<uint>.Zero;
        for (int at = from; at < to; at += Lanes) most = Vector512.Max(most, Vector512.Load(weights + at).AsUInt32());
        float largest = Largest(most);
        bool isZero = largest < Smallest;
        new Span<short>(codes + first, from - first).Clear();
        Vector512<float> factor = Vector512.Create(isZero ? 0 : LargestCode / largest);
        for (int at = from; at < to; at += Lanes) Words(Vector512.Load(weights + at) * factor).Store(codes + at);
        new Span<short>(codes + to, last - to).Clear();
        return isZero ? 0 : largest / LargestCode;
    }

    /// <summary>The largest lane. Bits of numbers that are not negative have the numbers' order, infinity and NaN above all.</summary>
    private static float Largest(Vector512<uint> bits)
    {
        Vector256<uint> half = Vector256.Max(bits.GetLower(), bits.GetUpper());
        Vector128<uint> quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        return BitConverter.UInt32BitsToSingle(Math.Max(Math.Max(quarter[0], quarter[1]), Math.Max(quarter[2], quarter[3])));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Words(Vector512<float> x)
    {
        if (Avx512F.IsSupported) return Avx512F.ConvertToVector256Int16(Avx512F.ConvertToVector512Int32(x));
        Vector512<int> nearest = Vector512.ConvertToInt32Native(Vector512.Round(x));
        return Vector256.Narrow(nearest.GetLower(), nearest.GetUpper());
    }
}
