namespace LongContext.Data.Cleaning;

public sealed class LshBandsTests
{
    [Theory]
    [InlineData(0.8, 128, 9, 13)] // as datasketch 1.6 chooses
    [InlineData(0.5, 128, 25, 5)]
    [InlineData(0.9, 128, 5, 25)]
    [InlineData(0.7, 256, 25, 10)]
    public void ForThreshold_UsualCases_AreTheKnownOnes(double threshold, int permutations, int bands, int rows) =>
        Assert.Equal(new LshBands(bands, rows), LshBands.ForThreshold(threshold, permutations));

    /// <summary>All bands and rows by the integrals as datasketch's documentation has them: areas by the midpoint rule in steps of 0.001.</summary>
    [Theory]
    [InlineData(64, 0.5)]
    [InlineData(128, 0.5)]
    [InlineData(256, 0.5)]
    [InlineData(128, 0.9)]
    public void ForThreshold_AllBandsAndRows_IsTheLeastWeightedArea(int permutations, double missedWeight)
    {
        static double Area(double from, double to, Func<double, double> of)
        {
            const double step = 0.001;
            double area = 0;
            for (double x = from; x < to; x += step) area += of(x + (step / 2)) * step;
            return area;
        }

        foreach (double threshold in (double[])[0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9])
        {
            (double Error, LshBands Bands) best = (double.PositiveInfinity, new LshBands(1, 1));
            for (int b = 1; b <= permutations; b++)
            {
                for (int r = 1; b * r <= permutations; r++)
                {
                    (int bands, int rows) = (b, r);
                    double inVain = Area(0, threshold, s => 1 - Math.Pow(1 - Math.Pow(s, rows), bands)), missed = Area(threshold, 1, s => Math.Pow(1 - Math.Pow(s, rows), bands));
                    double error = ((1 - missedWeight) * inVain) + (missedWeight * missed);
                    if (error < best.Error) best = (error, new LshBands(bands, rows));
                }
            }

            Assert.Equal(best.Bands, LshBands.ForThreshold(threshold, permutations, missedWeight));
        }
    }

    [Fact]
    public void ForThreshold_MissedPairsCountMore_MissesFewer()
    {
        LshBands even = LshBands.ForThreshold(0.8, 128), careful = LshBands.ForThreshold(0.8, 128, missedWeight: 0.9);
        Assert.True(careful.Probability(0.8) > even.Probability(0.8));
        Assert.Equal(new LshBands(1, 1), LshBands.ForThreshold(0.5, 1));
        Assert.Throws<ArgumentOutOfRangeException>("threshold", () => LshBands.ForThreshold(1, 128));
        Assert.Throws<ArgumentOutOfRangeException>("permutations", () => LshBands.ForThreshold(0.5, 0));
        Assert.Throws<ArgumentOutOfRangeException>("missedWeight", () => LshBands.ForThreshold(0.5, 4, double.NaN));
    }

    [Theory]
    [InlineData(14, 8, 0.8, 0.924)] // the figure that datatrove gives for its default
    [InlineData(2, 1, 0.5, 0.75)] // 1 − (1/2)²
    [InlineData(1, 2, 0.5, 0.25)]
    public void Probability_ByHand(int bands, int rows, double similarity, double expected) =>
        Assert.Equal(expected, new LshBands(bands, rows).Probability(similarity), 3);

    /// <summary>The share of 3,000 pairs that share a band against 1 − (1 − sʳ)ᵇ, within 4.5 standard deviations.</summary>
    [Theory]
    [InlineData(120, 40)] // s = 0.6
    [InlineData(140, 30)] // s = 0.7
    [InlineData(160, 20)] // s = 0.8
    public void Keys_PairsOfKnownSimilarity_MeetAsOftenAsComputed(int common, int own)
    {
        const int pairs = 3000;
        LshBands bands = new(9, 7);
        LshTable table = new(bands);
        MinHasher hasher = new(new MinHashOptions { ShingleWords = 1, Permutations = 63 });
        int met = 0;
        for (int pair = 0; pair < pairs; pair++)
        {
            int start = pair * (common + (2 * own));
            string Words(int first, int count) => string.Join(' ', Enumerable.Range(first, count));
            ulong[] first = table.Keys(hasher.Sign($"{Words(start, common)} {Words(start + common, own)}")!.Values), second = table.Keys(hasher.Sign($"{Words(start, common)} {Words(start + common + own, own)}")!.Values);
            if (first.Zip(second).Any(keys => keys.First == keys.Second)) met++;
        }

        double expected = bands.Probability(common / (double)(common + (2 * own))), deviation = Math.Sqrt(expected * (1 - expected) / pairs);
        Assert.InRange(met / (double)pairs, expected - (4.5 * deviation), expected + (4.5 * deviation));
    }
}
