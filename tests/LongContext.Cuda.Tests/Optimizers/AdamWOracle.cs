using LongContext.Cuda.Optimizers;

namespace LongContext.Cuda.Tests.Optimizers;

/// <summary>The optimizers' steps in float32 of the host, one value after the other, as LongContext's own CPU path has them.</summary>
internal static class AdamWOracle
{
    /// <summary>Values by code and largest numbers by code of the dynamic trees, as the kernels want them: [4, 256].</summary>
    public static float[] Tables { get; } = [.. Tree(true).Values, .. Tree(true).Borders, .. Tree(false).Values, .. Tree(false).Borders];

    public static float Weight(float weight, float mean, float square, in AdamWConstants c)
    {
        float denominator = (MathF.Sqrt(square) / c.RootOfCorrection2) + c.Epsilon;
        float step = mean / denominator * c.StepSize, decayed = weight - (weight * c.Decay);
        return decayed - step;
    }

    public static float Square(float square, float gradient, in AdamWConstants c)
    {
        float old = square * c.Beta2, added = gradient * gradient * c.OneMinusBeta2;
        return old + added;
    }

    public static float MovedMean(float mean, float gradient, in AdamWConstants c)
    {
        float step = c.OneMinusBeta1 * (gradient - mean);
        return mean + step;
    }

    public static float Mean(float mean, float gradient, in AdamWConstants c)
    {
        float old = mean * c.Beta1, added = gradient * c.OneMinusBeta1;
        return old + added;
    }

    /// <summary>Upper half of a float32 after 16 hashed bits were added.</summary>
    public static ushort RoundStochastically(float value, ulong key, uint index)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value), random = index ^ (uint)key;
        random = (random ^ (random >> 16)) * 0x7FEB352D;
        random = (random ^ (random >> 15) ^ (uint)(key >> 32)) * 0x846CA68B;
        random = (random ^ (random >> 16)) & 0xFFFF;
        if ((bits & 0x7F800000) != 0x7F800000) return (ushort)((bits + random) >> 16);
        return (ushort)(((bits & 0x007FFFFF) == 0 ? bits : bits | 0x00400000) >> 16);
    }

    /// <summary>The first code whose border is not below.</summary>
    public static byte Code(float x, bool signed)
    {
        ReadOnlySpan<float> borders = Tables.AsSpan(signed ? 256 : 768, 256);
        int code = 0;
        while (x > borders[code]) code++;
        return (byte)code;
    }

    public static float Value(byte code, bool signed) => Tables[(signed ? 0 : 512) + code];

    private static (float[] Values, float[] Borders) Tree(bool signed)
    {
        var values = new List<float> { 0, 1 };
        for (int exponent = 0; exponent < 7; exponent++)
        {
            int count = 1 << (signed ? exponent : exponent + 1);
            double scale = Math.Pow(10, exponent - 6);
            for (int i = 0; i < count; i++)
            {
                float middle = (float)(scale * (0.1 + (0.9 * (i + 0.5) / count)));
                values.Add(middle);
                if (signed) values.Add(-middle);
            }
        }

        values.Sort();
        float[] borders = [.. values.Zip(values.Skip(1), (a, b) => (a + b) / 2), float.PositiveInfinity];
        if (!signed) borders[0] = 0;
        return ([.. values], borders);
    }
}
