using System.Runtime.InteropServices;
using LongContext.Cpu.Linear;

namespace LongContext.Cpu.Tests.Pointwise;

/// <summary>Numbers in the plain formats.</summary>
internal static class PlainRows
{
    public static byte[] Stored(WeightFormat format, float[] numbers) => format switch
    {
        WeightFormat.Float32 => MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray(),
        WeightFormat.BFloat16 => MemoryMarshal.AsBytes(Array.ConvertAll(numbers, x => (ushort)(BitConverter.SingleToUInt32Bits(x) >> 16)).AsSpan()).ToArray(),
        _ => MemoryMarshal.AsBytes(Array.ConvertAll(numbers, x => (Half)x).AsSpan()).ToArray(),
    };

    public static float[] Rounded(WeightFormat format, float[] numbers) => format switch
    {
        WeightFormat.Float32 => numbers,
        WeightFormat.BFloat16 => Array.ConvertAll(numbers, x => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(x) & 0xFFFF0000)),
        _ => Array.ConvertAll(numbers, x => (float)(Half)x),
    };
}
