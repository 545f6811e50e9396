namespace LongContext.Evaluation.Tasks.Judging;

public sealed class JudgeAgreementTests
{
    [Fact]
    public void KrippendorffAlpha_PublishedExample_IsItsFigure()
    {
        // Krippendorff 2011, "Computing Krippendorff's alpha-reliability", example D: 4 observers, 12 units, missing data; interval alpha 0.849.
        double?[][] ratings =
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, null, null, null],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, null, 3],
            [null, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, null],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, null],
        ];
        Assert.Equal(0.849, JudgeAgreement.KrippendorffAlpha(ratings)!.Value, 5e-4);
    }

    [Fact]
    public void KrippendorffAlpha_RandomRatings_EqualTheDefinitionByPairs()
    {
        Random random = new(11);
        for (int round = 0; round < 50; round++)
        {
            int judges = random.Next(2, 5), answers = random.Next(2, 9);
            double?[][] ratings = [.. Enumerable.Range(0, judges).Select(_ => Enumerable.Range(0, answers).Select(_ => random.Next(5) == 0 ? null : (double?)random.Next(1, 11)).ToArray())];
            double?[][] kept = [.. ratings.Select(judge => judge.Where((_, answer) => ratings.Count(each => each[answer] is not null) >= 2).ToArray())];
            double[] all = [.. kept.SelectMany(judge => judge).OfType<double>()];
            double observed = 0, expected = 0;
            for (int answer = 0; all.Length > 0 && answer < kept[0].Length; answer++)
            {
                double[] unit = [.. kept.Select(judge => judge[answer]).OfType<double>()];
                observed += unit.Sum(a => unit.Sum(b => (a - b) * (a - b))) / (unit.Length - 1);
            }

            foreach (double a in all) expected += all.Sum(b => (a - b) * (a - b));
            if (expected == 0) Assert.Null(JudgeAgreement.KrippendorffAlpha(ratings));
            else Assert.Equal(1 - (observed / all.Length / (expected / (all.Length * (all.Length - 1.0)))), JudgeAgreement.KrippendorffAlpha(ratings)!.Value, 1e-9);
        }
    }

    [Fact]
    public void WeightedKappa_ByHand_IsOneMinusTheRatioOfDisagreements()
    {
        // Squared differences of the pairs: 0, 1, 1, 0: mean ½. Of all 16 pairs of {1, 2, 3, 4} and {1, 3, 2, 4}: mean 2.5.
        Assert.Equal(0.8, JudgeAgreement.WeightedKappa([1, 2, 3, 4], [1, 3, 2, 4])!.Value, 1e-12);
        // One judge 2 higher throughout: observed 4; expected 2.5 + 4.
        Assert.Equal(1 - (4 / 6.5), JudgeAgreement.WeightedKappa([1, 2, 3, 4], [3, 4, 5, 6])!.Value, 1e-12);
        Assert.Equal(-1, JudgeAgreement.WeightedKappa([1, 2], [2, 1])!.Value, 1e-12);
    }

    [Fact]
    public void WeightedKappa_RandomRatings_EqualsTheFormOfTwoTables()
    {
        // Cohen's own form: weights (i − j)² / (k − 1)², the table of pairs, and the product of its margins.
        Random random = new(5);
        for (int round = 0; round < 50; round++)
        {
            int count = random.Next(3, 20);
            double[] a = [.. Enumerable.Range(0, count).Select(_ => (double)random.Next(1, 6))], b = [.. a.Select(rating => random.Next(3) == 0 ? rating : random.Next(1, 6))];
            double observed = 0, expected = 0;
            for (int i = 1; i <= 5; i++)
            {
                for (int j = 1; j <= 5; j++)
                {
                    double weight = (i - j) * (i - j) / 16.0;
                    observed += weight * a.Zip(b).Count(pair => pair.First == i && pair.Second == j) / count;
                    expected += weight * a.Count(rating => rating == i) / count * b.Count(rating => rating == j) / count;
                }
            }

            Assert.Equal(1 - (observed / expected), JudgeAgreement.WeightedKappa(a, b)!.Value, 1e-9);
        }
    }

    [Fact]
    public void SpearmanCorrelation_Ties_TakeMeanRanks()
    {
        Assert.Equal(1, JudgeAgreement.SpearmanCorrelation([1, 2, 9], [3, 4, 5])!.Value, 1e-12);
        Assert.Equal(-1, JudgeAgreement.SpearmanCorrelation([1, 2, 9], [5, 4, 3])!.Value, 1e-12);
        // Ranks 1, 2½, 2½, 4 and 1, 3, 2, 4: 4.5 / √(4.5 · 5).
        Assert.Equal(4.5 / Math.Sqrt(4.5 * 5), JudgeAgreement.SpearmanCorrelation([1, 2, 2, 3], [1, 3, 2, 4])!.Value, 1e-12);
    }

    [Fact]
    public void Differences_ByHand_AreCounted()
    {
        Assert.Equal(1, JudgeAgreement.MeanAbsoluteDifference([1, 5, 7], [1, 6, 9])!.Value, 1e-12);
        Assert.Equal(1 / 3.0, JudgeAgreement.ShareWithin([1, 5, 7], [1, 6, 9], 0)!.Value, 1e-12);
        Assert.Equal(2 / 3.0, JudgeAgreement.ShareWithin([1, 5, 7], [1, 6, 9], 1)!.Value, 1e-12);
    }

    [Fact]
    public void Measures_NothingToCompare_AreNull()
    {
        Assert.Null(JudgeAgreement.MeanAbsoluteDifference([], []));
        Assert.Null(JudgeAgreement.ShareWithin([], [], 1));
        Assert.Null(JudgeAgreement.WeightedKappa([], []));
        Assert.Null(JudgeAgreement.WeightedKappa([5, 5], [5, 5]));
        Assert.Null(JudgeAgreement.SpearmanCorrelation([5, 5], [1, 2]));
        Assert.Null(JudgeAgreement.SpearmanCorrelation([5], [5]));
        Assert.Null(JudgeAgreement.KrippendorffAlpha([]));
        Assert.Null(JudgeAgreement.KrippendorffAlpha([[1, null], [null, 2]]));
        Assert.Null(JudgeAgreement.KrippendorffAlpha([[3], [3]]));
        // The mean of three times 0.1 is not 0.1 in binary.
        Assert.Null(JudgeAgreement.KrippendorffAlpha([[0.1, 0.1, 0.1], [0.1, 0.1, 0.1], [0.1, 0.1, 0.1]]));
        Assert.Equal(1, JudgeAgreement.KrippendorffAlpha([[0.1, 0.7], [0.1, 0.7], [0.1, 0.7]]));
    }

    [Fact]
    public void Measures_BadInput_Throws()
    {
        Assert.Contains("2 ratings of one judge and 1", Assert.Throws<ArgumentException>(() => JudgeAgreement.WeightedKappa([1, 2], [1])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => JudgeAgreement.SpearmanCorrelation([1, double.NaN], [1, 2]));
        Assert.Throws<ArgumentException>(() => JudgeAgreement.KrippendorffAlpha([[1], [1, 2]]));
        Assert.Throws<ArgumentOutOfRangeException>(() => JudgeAgreement.ShareWithin([1], [1], -1));
    }
}
