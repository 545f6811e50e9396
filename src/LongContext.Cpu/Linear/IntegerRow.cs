using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Cpu.Memory;

namespace LongContext.Cpu.Linear;

/// <summary>One row of rounded inputs times four rows of 4-bit codes.</summary>
/// <remarks>
/// A block's product Σ (code − zero)·x = Σ code·x − zero·Σ x is an integer that float32 holds exactly. A result: for i = 0 … 3, sᵢ = Σ over blocks b ≡ i mod 4, in rising order and by fused multiply
/// and add, of float(integer of b) · (scale of the weights' group · scale of the inputs' block); then (s₀ + s₂) + (s₁ + s₃). <see cref="IntegerTile"/> has the same.
/// </remarks>
internal static unsafe class IntegerRow
{
    /// <summary>Bytes of four blocks of an output.</summary>
    private const int Step = 64;

    /// <summary>Four outputs.</summary>
    /// <param name="x">As <see cref="RoundedRow"/> lays it.</param>
    /// <param name="weight">The matrix, of whole blocks.</param>
    /// <param name="output">The first output; what lies beyond the last repeats it.</param>
    /// <param name="sums">Four results.</param>
    /// <param name="ahead">Memory that is needed soon, as much as the codes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows1(byte* x, in WeightMatrix weight, int output, float* sums, byte* ahead)
    {
        nint stride = (nint)weight.RowBytes, last = weight.Outputs - 1;
        var codes = (byte*)weight.Codes;
        byte* w0 = codes + (output * stride), w1 = codes + (Math.Min(output + 1, last) * stride), w2 = codes + (Math.Min(output + 2, last) * stride), w3 = codes + (Math.Min(output + 3, last) * stride);
        var groups = new GroupColumns(weight, output);
        Vector512<float> total = Vector512<float>.Zero;
        int blocks = weight.Inputs / InputRounding.Block, block = 0;
        for (; block <= blocks - 4; block += 4, x += RoundedRow.Step)
        {
            ReadsAhead.Fetch(ahead, 4 * Step);
            total = Add(total, x, w0, w1, w2, w3, groups, block);
            w0 += Step;
            w1 += Step;
            w2 += Step;
            w3 += Step;
            ahead += 4 * Step;
        }

        if (block < blocks)
        {
            // Beyond a row's end inputs are 0, and so are codes here, which must not be read beyond the matrix.
            byte* ends = stackalloc byte[4 * Step];
            new Span<byte>(ends, 4 * Step).Clear();
            uint left = (uint)(Step / 4 * (blocks - block));
            Unsafe.CopyBlockUnaligned(ends, w0, left);
            Unsafe.CopyBlockUnaligned(ends + Step, w1, left);
            Unsafe.CopyBlockUnaligned(ends + (2 * Step), w2, left);
            Unsafe.CopyBlockUnaligned(ends + (3 * Step), w3, left);
            total = Add(total, x, ends, ends + Step, ends + (2 * Step), ends + (3 * Step), groups, block);
        }

        Vector256<float> half = total.GetLower() + total.GetUpper();
        (half.GetLower() + half.GetUpper()).Store(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Add(Vector512<float> total, byte* x, byte* w0, byte* w1, byte* w2, byte* w3, in GroupColumns groups, int block)
    {
        Vector512<sbyte> even = Vector512.Load((sbyte*)x), odd = Vector512.Load((sbyte*)x + 64);
        Vector512<int> products = IntegerLanes.Fours(Product(w0, even, odd), Product(w1, even, odd), Product(w2, even, odd), Product(w3, even, odd));
        float* scales = (float*)(x + RoundedRow.Inputs);
        Vector512<float> whole = Vector512.FusedMultiplyAdd(groups.Zeros(block), Vector512.Load(scales + 16), Vector512.ConvertToSingle(products));
        return Vector512.FusedMultiplyAdd(whole, groups.Scales(block) * Vector512.Load(scales), total);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Product(byte* w, Vector512<sbyte> even, Vector512<sbyte> odd)
    {
        Vector512<byte> codes = Vector512.Load(w), low = Vector512.Create((byte)15);
        return IntegerLanes.Quads(IntegerLanes.Pairs(codes & low, even) + IntegerLanes.Pairs((codes.AsUInt16() >> 4).AsByte() & low, odd));
    }
}
