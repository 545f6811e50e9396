namespace LongContext.Positions;

/// <summary>The cosines and sines by which queries and keys are rotated.</summary>
public static class RotaryTable
{
    /// <summary>
    /// Fills both tables: row n holds cos and sin of <c>positions[n]·inverse frequency</c>, times the attention factor.
    /// Angles are computed in double, so that far positions keep their precision.
    /// </summary>
    /// <param name="frequencies">The frequencies, d/2 of them.</param>
    /// <param name="positions">The positions to tabulate, in any order; none negative.</param>
    /// <param name="cos">Receives the cosines, [positions, d/2], row by row.</param>
    /// <param name="sin">Receives the sines, [positions, d/2], row by row.</param>
    /// <exception cref="ArgumentException">A table is not of exactly positions × d/2 elements.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A position is negative.</exception>
    public static void Fill(RopeFrequencies frequencies, ReadOnlySpan<int> positions, Span<float> cos, Span<float> sin)
    {
        ArgumentNullException.ThrowIfNull(frequencies);
        Fill(frequencies.InverseFrequencies, frequencies.AttentionFactor, positions, cos, sin);
    }

    /// <summary>The same of frequencies in memory of the caller's.</summary>
    internal static void Fill(ReadOnlySpan<double> inverse, double factor, ReadOnlySpan<int> positions, Span<float> cos, Span<float> sin)
    {
        RequireLength(cos.Length, positions.Length, inverse.Length, nameof(cos));
        RequireLength(sin.Length, positions.Length, inverse.Length, nameof(sin));

        int element = 0;
        foreach (int position in positions)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(position, nameof(positions));
            foreach (double frequency in inverse)
            {
                (double sine, double cosine) = Math.SinCos(position * frequency);
                cos[element] = (float)(cosine * factor);
                sin[element] = (float)(sine * factor);
                element++;
            }
        }
    }

    private static void RequireLength(int actual, int positions, int pairs, string parameterName)
    {
        long expected = (long)positions * pairs;
        if (actual != expected)
        {
            throw new ArgumentException(
                $"The table has {actual} elements, expected {expected}: {positions} positions × {pairs} frequencies.", parameterName);
        }
    }
}
