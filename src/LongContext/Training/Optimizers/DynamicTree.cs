using System.Collections.Immutable;

namespace LongContext.Training.Optimizers;

/// <summary>
/// The dynamic-tree code of 8 bits (Dettmers 2016, arXiv:1511.04561; Dettmers et al. 2022, section 2.2): 256 values in [−1, 1] or
/// [0, 1], of which each power of ten down to 1e-7 has half as many as the one above. A value's code is the nearest's.
/// </summary>
/// <remarks>
/// To find it, a table over the upper 16 bits of a float32 gives the code of the smallest number that begins with them, and one
/// comparison tells whether the number passes the only border that lies among them.
/// </remarks>
internal sealed class DynamicTree
{
    private const int Exponents = 7;

    private DynamicTree(bool signed)
    {
        float[] values = CreateValues(signed), borders = new float[256];
        for (int i = 0; i < 255; i++) borders[i] = (values[i] + values[i + 1]) / 2;
        // Without a sign, only 0 itself is 0: an update that divides by the root of a mean of squares must not find it rounded away.
        if (!signed) borders[0] = 0;
        borders[255] = float.PositiveInfinity;
        Values = ImmutableArray.Create(values);
        Borders = ImmutableArray.Create(borders);
        ZeroCode = (byte)Array.BinarySearch(values, 0f);
        byte[] starts = new byte[1 << 16];
        for (int upper = 0; upper < starts.Length; upper++) starts[upper] = Nearest(borders, Smallest(upper));
        Starts = ImmutableArray.Create(starts);
    }

    /// <summary>Values in [−1, 1]; of −1 itself there is none.</summary>
    public static DynamicTree Signed { get; } = new(signed: true);

    /// <summary>Values in [0, 1]; what is above 0 has no code of 0.</summary>
    public static DynamicTree Unsigned { get; } = new(signed: false);

    /// <summary>The value of each code, ascending.</summary>
    public ImmutableArray<float> Values { get; }

    /// <summary>The largest number of each code; infinite for the last.</summary>
    public ImmutableArray<float> Borders { get; }

    /// <summary>For each 16 upper bits of a float32 the code of the smallest number that begins so.</summary>
    public ImmutableArray<byte> Starts { get; }

    /// <summary>The code of 0.</summary>
    public byte ZeroCode { get; }

    /// <summary>Code of a number in [−1, 1].</summary>
    public byte Code(float x)
    {
        byte code = Starts[BitConverter.SingleToInt32Bits(x) >>> 16];
        return x > Borders[code] ? (byte)(code + 1) : code;
    }

    private static float[] CreateValues(bool signed)
    {
        var values = new List<float> { 0, 1 };
        for (int exponent = 0; exponent < Exponents; exponent++)
        {
            int count = 1 << (signed ? exponent : exponent + 1);
            double scale = Math.Pow(10, exponent - (Exponents - 1));
            for (int i = 0; i < count; i++)
            {
                float middle = (float)(scale * (0.1 + (0.9 * (i + 0.5) / count)));
                values.Add(middle);
                if (signed) values.Add(-middle);
            }
        }

        values.Sort();
        return [.. values];
    }

    private static byte Nearest(float[] borders, float x)
    {
        int code = 0;
        while (x > borders[code]) code++;
        return (byte)code;
    }

    private static float Smallest(int upper)
    {
        // Of negative numbers those with the lower bits set.
        float smallest = BitConverter.Int32BitsToSingle((upper << 16) | (upper >= 1 << 15 ? 0xFFFF : 0));
        return float.IsNaN(smallest) ? 0 : smallest;
    }
}
