using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Cpu.Linear;

/// <summary>
/// Inputs rounded to 8 bits in blocks of 32, each with a scale of its own: x ≈ scale · code, code in −127 … 127 to the nearest (ties to even), scale = largest magnitude / 127. What llama.cpp's
/// q8_0 does to activations before it multiplies them with quantised weights.
/// </summary>
internal static unsafe class InputRounding
{
    /// <summary>Inputs that share a scale.</summary>
    public const int Block = 32;

    /// <summary>Blocks whose largest magnitude is below this count as zeros: 127 over it must be finite.</summary>
    private const float Smallest = 1e-30f;

    /// <summary>Rounds one block.</summary>
    /// <param name="x">32 numbers.</param>
    /// <param name="codes">Gets 32 codes.</param>
    /// <param name="sum">Gets the sum of the codes.</param>
    /// <returns>The scale; NaN or infinite where a number is, so that results are.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Round(float* x, sbyte* codes, out int sum)
    {
        Vector512<float> a = Vector512.Load(x), b = Vector512.Load(x + 16);
        Vector512<float> both = Vector512.Max(Vector512.Abs(a), Vector512.Abs(b)); // passes NaN on
        Vector256<float> half = Vector256.Max(both.GetLower(), both.GetUpper());
        Vector128<float> quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        float largest = MathF.Max(MathF.Max(quarter[0], quarter[1]), MathF.Max(quarter[2], quarter[3]));
        if (largest < Smallest)
        {
            Vector256<sbyte>.Zero.Store(codes);
            sum = 0;
            return 0;
        }

        // Numbers that are not finite are no codes; their scale makes the result NaN or infinite whatever stands here.
        Vector512<float> factor = Vector512.Create(127 / largest);
        Vector512<int> first = Nearest(a * factor), second = Nearest(b * factor);
        sum = Vector512.Sum(first + second);
        Vector512<short> narrow = Vector512.Narrow(first, second);
        Vector256.Narrow(narrow.GetLower(), narrow.GetUpper()).Store(codes);
        return largest / 127;
    }

    /// <summary>The nearest integers, ties to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Nearest(Vector512<float> x) =>
        Avx512F.IsSupported ? Avx512F.ConvertToVector512Int32(x) : Vector512.ConvertToInt32Native(Vector512.Round(x));
}
