using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Cpu.Linear;

/// <summary>
/// Codes of 32 outputs as <see cref="IntegerTile"/> reads them, outputs beyond the last as the last: block after block in the order of <see cref="RoundedPanel"/>; of each block, for four inputs after four
/// inputs, a vector of outputs 0 … 15 and one of outputs 16 … 31; behind them the block's 32 scales and 32 zero points. For AVX2 and AVX-512.
/// </summary>
internal static unsafe class IntegerPanel
{
    /// <summary>Outputs of a panel.</summary>
    public const int Outputs = 2 * Lanes;

    /// <summary>Bytes of a block.</summary>
    public const int BlockBytes = CodeBytes + (2 * Outputs * sizeof(float));

    private const int CodeBytes = InputRounding.Block * Outputs;

    /// <summary>Outputs of a vector.</summary>
    private const int Lanes = 16;

    /// <summary>Bytes of a panel.</summary>
    public static long Size(int inputs) => (long)inputs / InputRounding.Block * BlockBytes;

    /// <summary>Lays the outputs from <paramref name="output"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(in WeightMatrix weight, int output, byte* panel)
    {
        byte** rows = stackalloc byte*[Lanes];
        int blocks = weight.Inputs / InputRounding.Block;
        for (int half = 0; half < 2; half++, output += Lanes)
        {
            for (int i = 0; i < Lanes; i++) rows[i] = (byte*)weight.Codes + (Math.Min(output + i, weight.Outputs - 1) * weight.RowBytes);
            byte* at = panel;
            for (int remainder = 0; remainder < 4; remainder++)
            {
                for (int block = remainder; block < blocks; block += 4, at += BlockBytes)
                {
                    Codes(rows, block * 16, at + (half * 64));
                    Groups(weight, output, block, (float*)(at + CodeBytes) + (half * Lanes));
                }
            }
        }
    }

    /// <summary>Of eight codes of an output, in four bytes, those in the lower halves are four inputs, those in the upper halves the next four; <see cref="RoundedPanel"/> has them so.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Codes(byte** rows, nint at, byte* to)
    {
        for (int half = 0; half < 2; half++, rows += 8, to += 32)
        {
            Turn(rows, at, out Vector256<int> a, out Vector256<int> b, out Vector256<int> c, out Vector256<int> d);
            Codes(a, to);
            Codes(b, to + 256);
            Codes(c, to + 512);
            Codes(d, to + 768);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Codes(Vector256<int> pairs, byte* to)
    {
        Vector256<byte> low = Vector256.Create((byte)15);
        (pairs.AsByte() & low).Store(to);
        ((pairs.AsUInt16() >> 4).AsByte() & low).Store(to + 128);
    }

    /// <summary>Sixteen bytes of eight rows: the first four of each, the second four, the third and the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(byte** rows, nint at, out Vector256<int> first, out Vector256<int> second, out Vector256<int> third, out Vector256<int> last)
    {
        Vector256<int> a = Halves(rows, at), b = Halves(rows + 1, at), c = Halves(rows + 2, at), d = Halves(rows + 3, at);
        Vector256<long> ab = Avx2.UnpackLow(a, b).AsInt64(), cd = Avx2.UnpackLow(c, d).AsInt64();
        first = Avx2.UnpackLow(ab, cd).AsInt32();
        second = Avx2.UnpackHigh(ab, cd).AsInt32();
        ab = Avx2.UnpackHigh(a, b).AsInt64();
        cd = Avx2.UnpackHigh(c, d).AsInt64();
        third = Avx2.UnpackLow(ab, cd).AsInt32();
        last = Avx2.UnpackHigh(ab, cd).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Halves(byte** rows, nint at) => Vector256.Create(Load(rows[0] + at), Load(rows[4] + at));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Load(byte* address) => Vector128.Load((int*)address);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Groups(in WeightMatrix weight, int output, int block, float* to)
    {
        nint groups = weight.Inputs / weight.GroupSize, group = block / (weight.GroupSize / InputRounding.Block);
        var scales = (float*)weight.Scales;
        var zeros = (byte*)weight.Zeros;
        for (int i = 0; i < Lanes; i++)
        {
            nint at = (Math.Min(output + i, weight.Outputs - 1) * groups) + group;
            to[i] = scales[at];
            to[Outputs + i] = zeros == null ? 8 : zeros[at];
        }
    }
}
