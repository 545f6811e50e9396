using LongContext.Tensors;

namespace LongContext.Models.Quantization;

/// <summary>
/// The 256 values of the signed dynamic 8-bit type (Dettmers 2016, arXiv:1511.04561, §2.3; as bitsandbytes quantises NF4's magnitudes):
/// for each of seven decades below 1 twice as many fractions as for the one below it, with both signs, and 0 and 1.
/// </summary>
internal static class DynamicCodebook
{
    /// <summary>Values by code, ascending.</summary>
    public static float[] Values { get; } = DynamicTreeValues.Create(signed: true);

    /// <summary>Code of the value nearest to one in −1 … 1.</summary>
    public static byte Nearest(float value)
    {
        int above = Array.BinarySearch(Values, value);
        if (above >= 0) return (byte)above;
        above = ~above;
        if (above == 0) return 0;
        if (above == Values.Length) return (byte)(Values.Length - 1);
        return (byte)(value - Values[above - 1] <= Values[above] - value ? above - 1 : above);
    }
}
