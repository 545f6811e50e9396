using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LongContext.Cpu.Linear;

/// <summary>
/// A row of rounded inputs as <see cref="IntegerRow"/> reads it: four blocks of 32 in turn, zeros beyond the last. First their codes, 64 of even inputs and 64 of odd ones, since two codes of a weight lie in
/// a byte; then sixteen scales, each block's four times; then sixteen sums of codes with their sign turned.
/// </summary>
internal static unsafe class RoundedRow
{
    /// <summary>Inputs of four blocks.</summary>
    public const int Inputs = 4 * InputRounding.Block;

    /// <summary>Bytes of four blocks.</summary>
    public const int Step = Inputs + (2 * 16 * sizeof(float));

    /// <summary>Bytes of a row.</summary>
    public static long Size(int inputs) => (inputs + Inputs - 1L) / Inputs * Step;

    /// <summary>Rounds a row of whole blocks.</summary>
    /// <param name="x">The row.</param>
    /// <param name="inputs">Its numbers.</param>
    /// <param name="to">Where to.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(float* x, int inputs, byte* to)
    {
        sbyte* codes = stackalloc sbyte[Inputs];
        for (int first = 0; first < inputs; first += Inputs, to += Step)
        {
            float* scales = (float*)(to + Inputs), sums = scales + 16;
            for (int block = 0; block < 4; block++)
            {
                int input = first + (block * InputRounding.Block), sum = 0;
                float scale = 0;
                if (input < inputs) scale = InputRounding.Round(x + input, codes + (block * InputRounding.Block), out sum);
                else Vector256<sbyte>.Zero.Store(codes + (block * InputRounding.Block));
                Vector128.Create(scale).Store(scales + (block * 4));
                Vector128.Create((float)-sum).Store(sums + (block * 4));
            }

            Vector512<short> lower = Vector512.Load(codes).AsInt16(), upper = Vector512.Load(codes + 64).AsInt16();
            Vector512.Narrow((lower << 8) >> 8, (upper << 8) >> 8).Store((sbyte*)to);
            Vector512.Narrow(lower >> 8, upper >> 8).Store((sbyte*)to + 64);
        }
    }
}
