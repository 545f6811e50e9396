using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LongContext.Cpu.Linear;

/// <summary>The sums of <see cref="IntegerTile"/> on processors whose vectors have 256 bits: eight outputs after eight outputs, for which twelve sums, a vector of codes and one of inputs fill the 16 registers.</summary>
internal static unsafe class HalfIntegerTile
{
    private const int Lanes = 8;

    /// <summary>Sums over some blocks, [rows, outputs].</summary>
    public static void Sums(byte* x, byte* w, int blocks, float* results)
    {
        for (int output = 0; output < IntegerPanel.Outputs; output += Lanes) Eight(x, w, output, blocks, results + output);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eight(byte* x, byte* w, int output, int blocks, float* results)
    {
        Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default;
        w += output * 4;
        for (; blocks > 0; blocks--)
        {
            Vector256<short> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default;
            for (int four = 0; four < 8; four++, w += 128, x += 24)
            {
                Vector256<byte> u = Vector256.Load(w);
                s0 += IntegerLanes.Pairs(u, Inputs(x));
                s1 += IntegerLanes.Pairs(u, Inputs(x + 4));
                s2 += IntegerLanes.Pairs(u, Inputs(x + 8));
                s3 += IntegerLanes.Pairs(u, Inputs(x + 12));
                s4 += IntegerLanes.Pairs(u, Inputs(x + 16));
                s5 += IntegerLanes.Pairs(u, Inputs(x + 20));
            }

            float* scales = (float*)x, groups = (float*)w; // as far behind the block's codes as these outputs lie behind the first
            Vector256<float> scale = Vector256.Load(groups), zero = Vector256.Load(groups + IntegerPanel.Outputs);
            a0 = Scaled(s0, scale, zero, scales, a0);
            a1 = Scaled(s1, scale, zero, scales + 1, a1);
            a2 = Scaled(s2, scale, zero, scales + 2, a2);
            a3 = Scaled(s3, scale, zero, scales + 3, a3);
            a4 = Scaled(s4, scale, zero, scales + 4, a4);
            a5 = Scaled(s5, scale, zero, scales + 5, a5);
            x += 2 * RowPanel.Rows * sizeof(float);
            w += 2 * IntegerPanel.Outputs * sizeof(float);
        }

        a0.Store(results);
        a1.Store(results + IntegerPanel.Outputs);
        a2.Store(results + (2 * IntegerPanel.Outputs));
        a3.Store(results + (3 * IntegerPanel.Outputs));
        a4.Store(results + (4 * IntegerPanel.Outputs));
        a5.Store(results + (5 * IntegerPanel.Outputs));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> Inputs(byte* x) => Vector256.Create(*(int*)x).AsSByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Scaled(Vector256<short> pairs, Vector256<float> scale, Vector256<float> zero, float* of, Vector256<float> sum)
    {
        Vector256<float> whole = Vector256.FusedMultiplyAdd(zero, Vector256.Create(of[RowPanel.Rows]), Vector256.ConvertToSingle(IntegerLanes.Quads(pairs)));
        return Vector256.FusedMultiplyAdd(whole, scale * Vector256.Create(of[0]), sum);
    }
}
