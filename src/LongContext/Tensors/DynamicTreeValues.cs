namespace LongContext.Tensors;

/// <summary>
/// The values of the dynamic-tree type of 8 bits (Dettmers 2016, arXiv:1511.04561, §2.3): 0, 1, and for each of seven powers of ten down
/// twice as many fractions as for the one below it. NF4's magnitudes and the optimizers' 8-bit states are kept in it.
/// </summary>
internal static class DynamicTreeValues
{
    private const int Exponents = 7;

    /// <summary>The 256 values, ascending: in (−1, 1], or without a sign in [0, 1] with twice as many fractions.</summary>
    public static float[] Create(bool signed)
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
}
