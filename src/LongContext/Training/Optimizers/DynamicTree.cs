using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LongContext.Tensors;

namespace LongContext.Training.Optimizers;

/// <summary>
/// The dynamic-tree code of 8 bits (Dettmers 2016, arXiv:1511.04561; Dettmers et al. 2022, section 2.2): 256 values in [−1, 1] or
/// [0, 1], of which each power of ten down to 1e-7 has half as many as the one above. A value's code is the nearest's.
/// </summary>
/// <remarks>
/// To find it, a table over the upper 16 bits of a float32 gives the code of the smallest number that begins with them, and the lower
/// bits of the only border that lies among them, to compare with. Lower bits of negative numbers are inverted, so that more is greater.
/// </remarks>
internal sealed class DynamicTree
{
    /// <summary>Lower bits that no number's are greater than.</summary>
    private const int NoBorder = 0xFFFF;

    private DynamicTree(bool signed)
    {
        float[] values = DynamicTreeValues.Create(signed), borders = new float[256];
        for (int i = 0; i < 255; i++) borders[i] = (values[i] + values[i + 1]) / 2;
        // Without a sign, only 0 itself is 0: an update that divides by the root of a mean of squares must not find it rounded away.
        if (!signed) borders[0] = 0;
        borders[255] = float.PositiveInfinity;
        Values = ImmutableArray.Create(values);
        Borders = ImmutableArray.Create(borders);
        ZeroCode = (byte)Array.BinarySearch(values, 0f);
        int[] entries = new int[1 << 16];
        for (int upper = 0; upper < entries.Length; upper++) entries[upper] = Entry(borders, upper);
        Entries = ImmutableArray.Create(entries);
    }

    /// <summary>Values in [−1, 1]; of −1 itself there is none.</summary>
    public static DynamicTree Signed { get; } = new(signed: true);

    /// <summary>Values in [0, 1]; what is above 0 has no code of 0.</summary>
    public static DynamicTree Unsigned { get; } = new(signed: false);

    /// <summary>The value of each code, ascending.</summary>
    public ImmutableArray<float> Values { get; }

    /// <summary>The largest number of each code; infinite for the last.</summary>
    public ImmutableArray<float> Borders { get; }

    /// <summary>For each 16 upper bits of a float32 a code, and 8 bits further up the lower bits after which the next code begins.</summary>
    public ImmutableArray<int> Entries { get; }

    /// <summary>The code of 0.</summary>
    public byte ZeroCode { get; }

    /// <summary>Code of a number in [−1, 1].</summary>
    public byte Code(float x) => Code(x, ref MemoryMarshal.GetReference(Entries.AsSpan()));

    /// <summary>As above, with the first of the entries at hand.</summary>
    public static byte Code(float x, ref int entries)
    {
        int bits = BitConverter.SingleToInt32Bits(x), entry = Unsafe.Add(ref entries, bits >>> 16), lower = (bits ^ (bits >> 31)) & NoBorder;
        return (byte)(entry + (lower > entry >> 8 ? 1 : 0));
    }

    private static int Entry(float[] borders, int upper)
    {
        // The smallest of negative numbers has the lower bits set.
        float smallest = BitConverter.Int32BitsToSingle((upper << 16) | (upper >= 1 << 15 ? NoBorder : 0));
        int code = 0;
        while (smallest > borders[code]) code++;
        int border = BitConverter.SingleToInt32Bits(borders[code]);
        return code | ((border >>> 16 == upper ? (border ^ (border >> 31)) & NoBorder : NoBorder) << 8);
    }
}
