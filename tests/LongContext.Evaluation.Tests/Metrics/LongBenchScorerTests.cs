using System.Text.Json;
using LongContext.Evaluation.Segmentation;
using LongContext.TestSupport;

namespace LongContext.Evaluation.Metrics;

public sealed class LongBenchScorerTests
{
    private readonly LongBenchScorer scorer = new();

    [Fact]
    public void MetricOf_AllDataSets_IsTheScripts()
    {
        Assert.Equal(21, LongBenchScorer.DataSets.Count);
        Assert.Equal(LongBenchMetric.RougeLChinese, LongBenchScorer.MetricOf("vcsum"));
        Assert.Equal(["dureader", "multifieldqa_zh", "vcsum"], LongBenchScorer.DataSets.Where(LongBenchScorer.NeedsSegmenter).Order(StringComparer.Ordinal));
        ArgumentException fault = Assert.Throws<ArgumentException>(() => LongBenchScorer.MetricOf("hotpotqa_e"));
        Assert.Contains("hotpotqa_e", fault.Message, StringComparison.Ordinal);
        Assert.Contains("2wikimqa", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("trec")]
    [InlineData("triviaqa")]
    [InlineData("samsum")]
    [InlineData("lsht")]
    public void Cut_FewShotDataSets_LeavesTheFirstLine(string dataSet)
    {
        Assert.Equal("one ", LongBenchScorer.Cut(dataSet, "\n\none \ntwo"));
        Assert.Equal("\rone", LongBenchScorer.Cut(dataSet, "\rone"));
        Assert.Equal("", LongBenchScorer.Cut(dataSet, "\n\n"));
        Assert.Equal("\n\none \ntwo", LongBenchScorer.Cut("qasper", "\n\none \ntwo"));
    }

    [Fact]
    public void ScoreExample_SeveralReferences_TakesTheBest()
    {
        Assert.Equal(1, scorer.ScoreExample("triviaqa", "Paris\nLyon", ["Rome", "Paris"]));
        Assert.Equal(0, scorer.ScoreExample("triviaqa", "Paris", []));
        Assert.Equal(0.5, scorer.ScoreExample("trec", "Food Date", ["Food"], ["Food", "Date"]));
    }

    [Fact]
    public void Score_SomethingMissing_SaysWhat()
    {
        Assert.Contains("all_classes", Assert.Throws<ArgumentException>(() => scorer.ScoreExample("trec", "Food", ["Food"])).Message, StringComparison.Ordinal);
        Assert.Contains("segmenter", Assert.Throws<ArgumentException>(() => scorer.ScoreExample("vcsum", "a", ["a"])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => scorer.Score("qasper", [], []));
        Assert.Throws<ArgumentException>(() => scorer.Score("qasper", ["a"], []));
        Assert.Throws<ArgumentException>(() => scorer.ScoreByLength("qasper", ["a"], [["a"]], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LongBenchScorer(new LongBenchScoringOptions { CodeSimilarity = (CodeSimilarityVariant)5 }));
    }

    [Fact]
    public void Totals_Ties_AreRoundedByTwoRules()
    {
        // The mean is 0.02675: Python sees 2.675, which lies below its tie; numpy's 267.5 is one, and goes to the even 268.
        double[] scores = [0.02675];
        Assert.Equal(2.67, LongBenchScorer.Total(scores));
        Assert.Equal(2.68, LongBenchScorer.TotalByLength(scores, [10]).Below4K);
    }

    [Fact]
    public void TotalByLength_Borders_BelongToTheUpperGroup()
    {
        LongBenchLengthScores scores = LongBenchScorer.TotalByLength([0.1, 0.2, 0.3, 0.4, 0.5], [0, 3999, 4000, 7999, 8000]);
        Assert.Equal((15, 35, 50), (scores.Below4K, scores.From4KTo8K, scores.From8K));
        LongBenchLengthScores some = LongBenchScorer.TotalByLength([1], [int.MaxValue]);
        Assert.Equal((double.NaN, double.NaN, 100), (some.Below4K, some.From4KTo8K, some.From8K));
        Assert.Equal(100, LongBenchScorer.TotalByLength([1], [-1]).Below4K);
    }

    [Fact]
    public void Options_CodeAndRecursion_ReachTheMetrics()
    {
        var other = new LongBenchScorer(new LongBenchScoringOptions { CodeSimilarity = CodeSimilarityVariant.Levenshtein, RecursionLimit = true });
        Assert.Equal(0.2, scorer.ScoreExample("lcc", "xbcbbx", ["caxa"]));
        Assert.Equal(0.4, other.ScoreExample("lcc", "xbcbbx", ["caxa"]));
        string text = string.Join(' ', Enumerable.Range(0, 991));
        Assert.Equal(1, scorer.ScoreExample("gov_report", text, [text]), 1e-8);
        Assert.Equal(0, other.ScoreExample("gov_report", text, [text]));
    }

    [Fact]
    [Trait(FixtureTraits.Name, FixtureTraits.Metrics)]
    public void Score_ChineseDataSetsWithJieba_AgreesWithTheReference()
    {
        JiebaSegmenter segmenter = InstalledJieba.Segmenter;
        var withJieba = new LongBenchScorer(new LongBenchScoringOptions { Segmenter = segmenter, RecursionLimit = true });
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestPaths.Fixtures, "metrics", "longbench_scorer.json")));
        int count = 0;
        foreach (JsonElement one in document.RootElement.GetProperty("cases").EnumerateArray())
        {
            string dataSet = one.GetProperty("args").GetProperty("dataset").GetString()!;
            if (!LongBenchScorer.NeedsSegmenter(dataSet)) continue;
            Assert.Equal(one.GetProperty("expected").GetDouble(), withJieba.Score(dataSet, Texts(one.GetProperty("prediction")), [.. one.GetProperty("references").EnumerateArray().Select(Texts)]));
            count++;
        }

        Assert.NotEqual(0, count);
        foreach ((string file, Func<string, string, double> score) in new (string, Func<string, string, double>)[]
        {
            ("longbench_qa_f1_zh.json", (prediction, reference) => LongBenchMetrics.QaF1Chinese(prediction, reference, segmenter)),
            ("longbench_rouge_zh.json", (prediction, reference) => LongBenchMetrics.RougeLChinese(prediction, reference, segmenter, recursionLimit: true)),
        })
        {
            using JsonDocument cases = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestPaths.Fixtures, "metrics", file)));
            foreach (JsonElement one in cases.RootElement.GetProperty("cases").EnumerateArray())
            {
                double best = Texts(one.GetProperty("references")).Max(reference => score(one.GetProperty("prediction").GetString()!, reference));
                Assert.Equal(one.GetProperty("expected").GetDouble(), best, 1e-9);
            }
        }

        static string[] Texts(JsonElement list) => [.. list.EnumerateArray().Select(text => text.GetString()!)];
    }
}
