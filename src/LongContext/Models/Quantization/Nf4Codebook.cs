namespace LongContext.Models.Quantization;

/// <summary>
/// The 16 values of 4-bit NormalFloat (Dettmers et al. 2023, arXiv:2305.14314, appendix E): quantiles of the normal distribution, eight
/// of its positive half and seven of its negative one with zero between, so that zero is exact, all divided by the largest.
/// </summary>
internal static class Nf4Codebook
{
    /// <summary>Values by code, ascending.</summary>
    public static ReadOnlySpan<float> Values =>
    [
        -1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f,
        -0.28444138169288635f, -0.18477343022823334f, -0.09105003625154495f, 0.0f,
        0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f,
        0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f,
    ];

    /// <summary>Halfway between neighbours: what lies above the i-th has a code above i.</summary>
    public static float[] Borders { get; } = MakeBorders();

    /// <summary>Both values of a byte of two codes, the first in its high half: 256 pairs.</summary>
    public static float[] Pairs { get; } = MakePairs();

    private static float[] MakeBorders()
    {
        var borders = new float[Values.Length - 1];
        for (int i = 0; i < borders.Length; i++) borders[i] = (Values[i] + Values[i + 1]) / 2;
        return borders;
    }

    private static float[] MakePairs()
    {
        var pairs = new float[512];
        for (int code = 0; code < 256; code++) (pairs[2 * code], pairs[(2 * code) + 1]) = (Values[code >> 4], Values[code & 15]);
        return pairs;
    }
}
