using LongContext.Data;
using LongContext.Evaluation.Reports;

namespace LongContext.Evaluation.Runs;

public sealed class ConfidenceIntervalsTests
{
    [Theory]
    // Wilson's interval as R's prop.test(correct = FALSE) and statsmodels' proportion_confint(method="wilson") give it.
    [InlineData(0, 10, 0.0, 0.277532799862890)]
    [InlineData(10, 10, 0.722467200137110, 1.0)]
    [InlineData(8, 10, 0.490162471536643, 0.943317848545625)]
    [InlineData(50, 100, 0.403831530365970, 0.596168469634030)]
    public void OfShare_Wilson(int successes, int count, double low, double high)
    {
        ConfidenceInterval interval = ConfidenceIntervals.OfShare(successes, count);
        Assert.Equal(low, interval.Low, 9);
        Assert.Equal(high, interval.High, 9);
        Assert.Equal(interval, ConfidenceIntervals.OfMean([.. Enumerable.Range(0, count).Select(i => i < successes ? 1.0 : 0)]));
    }

    [Theory]
    [InlineData(0.975, 1.959963984540054)]
    [InlineData(0.5, 0)]
    [InlineData(0.999, 3.090232306167813)]
    [InlineData(1e-9, -5.997807015007773)]
    public void Quantile_KnownValues(double probability, double expected) => Assert.Equal(expected, ConfidenceIntervals.Quantile(probability), 9);

    [Fact]
    public void OfPairedDifference_ScoresThatAreAllAlike_IsNoPointAndNoIntervalOfAShare()
    {
        double[] right = [.. Enumerable.Repeat(1.0, 24)];
        ConfidenceInterval alike = ConfidenceIntervals.OfPairedDifference(right, right)!.Value;
        // Agresti and Min: n 26, both discordant cells 1/2, half the width 1.96/26.
        Assert.Equal(1.959963984540054 / 26, alike.High, 9);
        Assert.Equal(-alike.High, alike.Low, 12);
        ConfidenceInterval narrow = ConfidenceIntervals.OfPairedDifference(right, right, 0.5)!.Value;
        Assert.Equal(0.5, narrow.Level);
        Assert.Equal(0.674489750196082 / 26, narrow.High, 9);
        Assert.Null(ConfidenceIntervals.OfPairedDifference([0.5, 0.5], [0.25, 0.25]));
        Assert.Null(ConfidenceIntervals.OfPairedDifference([], []));
        Assert.Null(ConfidenceIntervals.OfPairedDifference([1, double.NaN], [0, 1]));
        Assert.Throws<ArgumentException>(() => ConfidenceIntervals.OfPairedDifference([1], [0, 1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => ConfidenceIntervals.OfPairedDifference([1], [0], 1));
    }

    [Theory]
    // Student's quantiles as tables have them.
    [InlineData(2, 0.95, 12.7062047361747)]
    [InlineData(3, 0.95, 4.30265272974946)]
    [InlineData(11, 0.95, 2.22813885198627)]
    [InlineData(11, 0.9, 1.81246112281168)]
    public void OfPairedDifference_OtherScores_IsStudents(int count, double level, double quantile)
    {
        double[] first = [.. Enumerable.Range(0, count).Select(i => 0.5 + (i / 100.0))], second = [.. Enumerable.Repeat(0.25, count)];
        double mean = first.Average() - 0.25, error = Math.Sqrt(first.Sum(score => Math.Pow(score - first.Average(), 2)) / (count - 1) / count);
        ConfidenceInterval interval = ConfidenceIntervals.OfPairedDifference(first, second, level)!.Value;
        Assert.Equal(mean - (quantile * error), interval.Low, 4);
        Assert.Equal(mean + (quantile * error), interval.High, 4);
    }

    [Fact]
    public void OfMean_NothingToSay_IsNull()
    {
        Assert.Null(ConfidenceIntervals.OfMean([]));
        Assert.Null(ConfidenceIntervals.OfMean([0.5]));
        Assert.Null(ConfidenceIntervals.OfMean([0.5, double.NaN]));
        Assert.Null(ConfidenceIntervals.OfMean([0, 1, double.PositiveInfinity]));
        Assert.NotNull(ConfidenceIntervals.OfMean([1]));
        Assert.Null(ConfidenceIntervals.OfMean([0.5, 0.5, 0.5]));
    }

    [Fact]
    public void OfMean_FewScores_IsStudentsAsInCurves()
    {
        double[] scores = [0.2, 0.6, 0.7, 0.9];
        Tally tally = new();
        foreach (double score in scores) tally.Add(score);
        ConfidenceInterval interval = ConfidenceIntervals.OfMean(scores)!.Value;
        Assert.Equal(tally.Interval(isShare: true), interval);
        // 0.6 ± 3.182·0.2944/2, cut at the ends of the scale.
        Assert.Equal(0.6 - (3.18244630528371 * Math.Sqrt(0.26 / 3) / 2), interval.Low, 3);
        Assert.Equal(1, interval.High);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(6_000)]
    public void OfMean_Shares_HoldTheTruthAboutAsOftenAsSaid(int count)
    {
        int runs = count > 1_000 ? 100 : 300, held = 0;
        for (int run = 0; run < runs; run++)
        {
            SplitMix64 random = new(run, 5);
            double[] scores = new double[count];
            for (int i = 0; i < count; i++) scores[i] = Math.Sqrt(random.NextDouble()); // mean 2/3
            ConfidenceInterval interval = ConfidenceIntervals.OfMean(scores, 0.9)!.Value;
            if (interval.Low <= 2 / 3.0 && interval.High >= 2 / 3.0) held++;
        }

        Assert.InRange((double)held / runs, 0.82, 0.97);
    }

    [Fact]
    public void OfMean_SameSeed_SameInterval()
    {
        double[] scores = [.. Enumerable.Range(0, 30).Select(i => Math.Sin(i) * Math.Sin(i))];
        Assert.Equal(ConfidenceIntervals.OfMean(scores), ConfidenceIntervals.OfMean(scores));
        Assert.NotEqual(ConfidenceIntervals.OfMean(scores), ConfidenceIntervals.OfMean(scores, seed: 1));
        // Two that are alike are no proof of a spread of 0; nor are twelve, but there the resamples have nothing else to draw.
        Assert.Null(ConfidenceIntervals.OfMean([0.5, 0.5]));
        Assert.Equal(new ConfidenceInterval(0.5, 0.5, 0.95), ConfidenceIntervals.OfMean([.. Enumerable.Repeat(0.5, 12)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => ConfidenceIntervals.OfMean(scores, 1));
    }

    [Fact]
    public void OfMean_HigherLevel_IsAlwaysWider()
    {
        double[] scores = [.. Enumerable.Range(0, 40).Select(i => (i * 7 % 11) / 11.0)];
        double[] widths = [.. new[] { 0.5, 0.9, 0.99, 0.999, 0.9999, 0.999999 }.Select(level => ConfidenceIntervals.OfMean(scores, level)!.Value).Select(interval => interval.High - interval.Low)];
        Assert.Equal(widths.Order(), widths);
        Assert.Equal(widths.Length, widths.Distinct().Count());
    }
}
