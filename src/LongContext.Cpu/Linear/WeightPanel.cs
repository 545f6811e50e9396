using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LongContext.Cpu.Linear;

/// <summary>Four rows of W widened to float32, as [chunks, 4, 16]; inputs beyond the last are 0. Done once for a block of outputs, then used for all rows of x.</summary>
internal static unsafe class WeightPanel
{
    /// <summary>Outputs of a panel.</summary>
    public const int Outputs = 4;

    /// <summary>Numbers of a panel.</summary>
    public static long Size(int inputs) => (long)RowPanel.Chunks(inputs) * 64;

    /// <summary>Widens the outputs from <paramref name="output"/>; what lies beyond the last output repeats it.</summary>
    public static void Pack(in WeightMatrix weight, int output, float* panel)
    {
        for (int i = 0; i < Outputs; i++)
        {
            int row = Math.Min(output + i, weight.Outputs - 1);
            var codes = (byte*)weight.Codes + (row * weight.RowBytes);
            float* to = panel + (i * 16);
            switch (weight.Format)
            {
                case WeightFormat.Float32: RowPanel.PackRow((float*)codes, weight.Inputs, to, 64); break;
                case WeightFormat.BFloat16: PackRow<BFloat16Loader>(codes, weight.Inputs, to); break;
                case WeightFormat.Float16: PackRow<Float16Loader>(codes, weight.Inputs, to); break;
                case WeightFormat.Int8: PackRow<Int8Loader>(codes, weight.Inputs, to); break;
                case WeightFormat.Float8: PackRow<Float8Loader>(codes, weight.Inputs, to); break;
                default: NibbleRow.Pack(weight, row, to); break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackRow<TLoader>(byte* codes, int inputs, float* to)
        where TLoader : struct, ILaneLoader
    {
        int input = 0;
        for (; input <= inputs - 16; input += 16, to += 64, codes += TLoader.Step) TLoader.Load(codes).Store(to);
        if (input == inputs) return;
        byte* padded = stackalloc byte[64];
        new Span<byte>(padded, 64).Clear();
        int bytes = (inputs - input) * (int)TLoader.Step / 16;
        new ReadOnlySpan<byte>(codes, bytes).CopyTo(new Span<byte>(padded, 64));
        TLoader.Load(padded).Store(to); // code 0 is 0 in each of these formats
    }
}
