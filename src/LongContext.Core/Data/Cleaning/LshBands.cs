namespace LongContext.Data.Cleaning;

/// <summary>
/// How a signature is cut for locality-sensitive hashing: two texts are candidates when all <see cref="Rows"/> places of one of
/// <see cref="Bands"/> bands agree.
/// </summary>
/// <param name="Bands">Bands, b.</param>
/// <param name="Rows">Places of a band, r.</param>
public sealed record LshBands(int Bands, int Rows)
{
    private const int Steps = 512;

    /// <summary>The chance that texts of a Jaccard similarity s become candidates, 1 − (1 − sʳ)ᵇ.</summary>
    /// <param name="similarity">From 0 to 1.</param>
    public double Probability(double similarity) => 1 - Math.Pow(1 - Math.Pow(similarity, Rows), Bands);

    /// <summary>
    /// The bands that err least about a threshold: the weighted sum of the area under the chance below it (texts that are candidates in vain)
    /// and over the chance above it (texts that are missed) is the least of all bands and rows that the permutations allow.
    /// </summary>
    /// <param name="threshold">The similarity from which on texts are duplicates, between 0 and 1.</param>
    /// <param name="permutations">Places of a signature, at least 1; up to bands × rows of them are used.</param>
    /// <param name="missedWeight">What a missed pair counts, from 0 to 1; one in vain counts the rest. Default 0.5.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    /// <remarks>The choice that datasketch made usual: 9 bands of 13 rows for 0.8 and 128 permutations.</remarks>
    public static LshBands ForThreshold(double threshold, int permutations, double missedWeight = 0.5)
    {
        if (!(threshold is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(threshold), threshold, "Expected a similarity between 0 and 1.");
        ArgumentOutOfRangeException.ThrowIfLessThan(permutations, 1);
        if (!(missedWeight is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(missedWeight), missedWeight, "Expected 0 to 1.");
        LshBands best = new(1, 1);
        double least = double.PositiveInfinity;
        for (int bands = 1; bands <= permutations; bands++)
        {
            for (int rows = 1; rows <= permutations / bands; rows++)
            {
                LshBands tried = new(bands, rows);
                double error = ((1 - missedWeight) * tried.Area(0, threshold, missed: false)) + (missedWeight * tried.Area(threshold, 1, missed: true));
                if (error >= least) continue;
                least = error;
                best = tried;
            }
        }

        return best;
    }

    /// <summary>The area by Simpson's rule.</summary>
    private double Area(double from, double to, bool missed)
    {
        double step = (to - from) / Steps, sum = 0;
        for (int i = 0; i <= Steps; i++)
        {
            double chance = Probability(from + (i * step));
            sum += (missed ? 1 - chance : chance) * (i is 0 or Steps ? 1 : i % 2 == 0 ? 2 : 4);
        }

        return sum * step / 3;
    }
}
