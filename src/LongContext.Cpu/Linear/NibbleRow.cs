using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LongContext.Cpu.Linear;

/// <summary>Rows of 4-bit codes widened to float32.</summary>
internal static unsafe class NibbleRow
{
    /// <summary>Widens a row to sixteens that lie 64 numbers apart, zeros beyond its end.</summary>
    public static void Pack(in WeightMatrix weight, int row, float* to)
    {
        if (NibbleLanes.Fit(weight))
        {
            int size = NibbleLanes.GroupSize(weight);
            nint groups = weight.Inputs / size;
            bool normal = weight.Format == WeightFormat.Nf4;
            Pack((byte*)weight.Codes + (row * weight.RowBytes), normal, (float*)weight.Scales, (byte*)weight.Zeros, row * groups, groups, size / 16, to);
            return;
        }

        for (int input = 0; input < weight.Inputs; input++) to[(input / 16 * 64) + (input % 16)] = At(weight, row, input);
        for (int input = weight.Inputs; input % 16 != 0; input++) to[(input / 16 * 64) + (input % 16)] = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(byte* codes, bool normal, float* scales, byte* zeros, nint firstGroup, nint groups, int chunks, float* to)
    {
        Vector512<uint> shifts = normal ? NibbleLanes.HighFirst : NibbleLanes.LowFirst;
        for (nint group = 0; group < groups; group++)
        {
            Vector512<float> table = NibbleLanes.Table(normal, scales, zeros, firstGroup + group);
            for (int chunk = 0; chunk < chunks; chunk++, codes += 8, to += 64) NibbleLanes.Load(codes, shifts, table).Store(to);
        }
    }

    private static float At(in WeightMatrix weight, int row, int input)
    {
        long place = ((long)row * weight.Inputs) + input;
        int pair = ((byte*)weight.Codes)[place / 2];
        if (weight.Format == WeightFormat.Nf4) return NormalFloat.Values[place % 2 == 0 ? pair >> 4 : pair & 15] * ((float*)weight.Scales)[place / NormalFloat.Block];
        long group = ((long)row * (weight.Inputs / weight.GroupSize)) + (input / weight.GroupSize);
        int code = place % 2 == 0 ? pair & 15 : pair >> 4;
        int zero = weight.Zeros == 0 ? 8 : ((byte*)weight.Zeros)[group];
        return (code - zero) * ((float*)weight.Scales)[group];
    }
}
