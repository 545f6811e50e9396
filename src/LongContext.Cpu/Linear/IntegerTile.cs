using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Cpu.Linear;

/// <summary>Six rows of rounded inputs times a panel of codes: what <see cref="IntegerRow"/> computes, to the bit, with outputs side by side in place of blocks.</summary>
/// <remarks>
/// Four inputs of a row go to all lanes and are multiplied with four codes of sixteen outputs each, by products of bytes whose neighbours are added in 16 bits; eight such sums of at most
/// 15 · 127 · 2 stay below 2¹⁵, so a block of 32 is brought to 32 bits once. 24 sums, two vectors of codes and one of inputs: 27 of the 32 registers. With vectors of 256 bits: <see cref="HalfIntegerTile"/>.
/// </remarks>
internal static unsafe class IntegerTile
{
    /// <summary>Results of a tile, [rows, outputs].</summary>
    public const int Results = RowPanel.Rows * IntegerPanel.Outputs;

    /// <summary>Computes a tile.</summary>
    /// <param name="x">As <see cref="RoundedPanel"/> lays it.</param>
    /// <param name="w">As <see cref="IntegerPanel"/> lays it.</param>
    /// <param name="inputs">Numbers of a row, whole blocks.</param>
    /// <param name="results">Room for four times <see cref="Results"/>; the results come first.</param>
    public static void Compute(byte* x, byte* w, int inputs, float* results)
    {
        for (int remainder = 0; remainder < 4; remainder++)
        {
            int blocks = RoundedPanel.Blocks(inputs, remainder);
            if (Avx512BW.IsSupported) Sums(x, w, blocks, results + (remainder * Results));
            else HalfIntegerTile.Sums(x, w, blocks, results + (remainder * Results));
            x += blocks * RoundedPanel.BlockBytes;
            w += blocks * IntegerPanel.BlockBytes;
        }

        Together(results);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sums(byte* x, byte* w, int blocks, float* results)
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default;
        Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default;
        for (; blocks > 0; blocks--)
        {
            Vector512<short> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default;
            Vector512<short> t0 = default, t1 = default, t2 = default, t3 = default, t4 = default, t5 = default;
            for (int four = 0; four < 8; four++, w += 128, x += 24)
            {
                Vector512<byte> u = Vector512.Load(w), v = Vector512.Load(w + 64);
                Vector512<sbyte> of = Inputs(x);
                s0 += IntegerLanes.Pairs(u, of);
                t0 += IntegerLanes.Pairs(v, of);
                of = Inputs(x + 4);
                s1 += IntegerLanes.Pairs(u, of);
                t1 += IntegerLanes.Pairs(v, of);
                of = Inputs(x + 8);
                s2 += IntegerLanes.Pairs(u, of);
                t2 += IntegerLanes.Pairs(v, of);
                of = Inputs(x + 12);
                s3 += IntegerLanes.Pairs(u, of);
                t3 += IntegerLanes.Pairs(v, of);
                of = Inputs(x + 16);
                s4 += IntegerLanes.Pairs(u, of);
                t4 += IntegerLanes.Pairs(v, of);
                of = Inputs(x + 20);
                s5 += IntegerLanes.Pairs(u, of);
                t5 += IntegerLanes.Pairs(v, of);
            }

            float* scales = (float*)x;
            Vector512<float> scale = Vector512.Load((float*)w), zero = Vector512.Load((float*)w + 32);
            a0 = Scaled(s0, scale, zero, scales, a0);
            a1 = Scaled(s1, scale, zero, scales + 1, a1);
            a2 = Scaled(s2, scale, zero, scales + 2, a2);
            a3 = Scaled(s3, scale, zero, scales + 3, a3);
            a4 = Scaled(s4, scale, zero, scales + 4, a4);
            a5 = Scaled(s5, scale, zero, scales + 5, a5);
            scale = Vector512.Load((float*)w + 16);
            zero = Vector512.Load((float*)w + 48);
            b0 = Scaled(t0, scale, zero, scales, b0);
            b1 = Scaled(t1, scale, zero, scales + 1, b1);
            b2 = Scaled(t2, scale, zero, scales + 2, b2);
            b3 = Scaled(t3, scale, zero, scales + 3, b3);
            b4 = Scaled(t4, scale, zero, scales + 4, b4);
            b5 = Scaled(t5, scale, zero, scales + 5, b5);
            x += 2 * RowPanel.Rows * sizeof(float);
            w += 2 * IntegerPanel.Outputs * sizeof(float);
        }

        a0.Store(results);
        b0.Store(results + 16);
        a1.Store(results + 32);
        b1.Store(results + 48);
        a2.Store(results + 64);
        b2.Store(results + 80);
        a3.Store(results + 96);
        b3.Store(results + 112);
        a4.Store(results + 128);
        b4.Store(results + 144);
        a5.Store(results + 160);
        b5.Store(results + 176);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<sbyte> Inputs(byte* x) => Vector512.Create(*(int*)x).AsSByte();

    /// <summary>(integer − zero · sum of inputs) · (scale · inputs' scale), added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Scaled(Vector512<short> pairs, Vector512<float> scale, Vector512<float> zero, float* of, Vector512<float> sum)
    {
        Vector512<float> whole = Vector512.FusedMultiplyAdd(zero, Vector512.Create(of[RowPanel.Rows]), Vector512.ConvertToSingle(IntegerLanes.Quads(pairs))); // exact
        return Vector512.FusedMultiplyAdd(whole, scale * Vector512.Create(of[0]), sum);
    }

    /// <summary>(s₀ + s₂) + (s₁ + s₃), in place of s₀.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Together(float* results)
    {
        for (int i = 0; i < Results; i += 16)
        {
            float* of = results + i;
            ((Vector512.Load(of) + Vector512.Load(of + (2 * Results))) + (Vector512.Load(of + Results) + Vector512.Load(of + (3 * Results)))).Store(of);
        }
    }
}
