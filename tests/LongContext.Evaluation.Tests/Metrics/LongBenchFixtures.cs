using System.Text.Json;
using LongContext.Evaluation.Segmentation;

namespace LongContext.Evaluation.Metrics;

/// <summary>What checks a case of the metric files of LongBench and of what it uses, by the files' names of metrics.</summary>
internal static class LongBenchFixtures
{
    private const double Tolerance = 1e-9;

    public static Dictionary<string, Action<JsonElement>> Checks { get; } = new()
    {
        ["longbench_qa_f1"] = one => CheckBest(one, LongBenchMetrics.QaF1),
        ["longbench_rouge_l"] = one => CheckRouge(one, (prediction, reference, limit) => LongBenchMetrics.RougeL(prediction, reference, limit)),
        ["rouge_pltrdy"] = CheckPltrdyRouge,
        ["longbench_classification"] = one => CheckBest(one, (prediction, reference) => LongBenchMetrics.Classification(prediction, reference, AllClasses(one)!)),
        ["longbench_retrieval"] = one => CheckBest(one, LongBenchMetrics.Retrieval),
        ["longbench_retrieval_zh"] = one => CheckBest(one, LongBenchMetrics.RetrievalChinese),
        ["longbench_count"] = one => CheckBest(one, LongBenchMetrics.Count),
        ["longbench_code_sim_difflib"] = one => CheckBest(one, (prediction, reference) => LongBenchMetrics.CodeSimilarity(prediction, reference, CodeSimilarityVariant.Difflib)),
        ["longbench_code_sim_levenshtein"] = one => CheckBest(one, (prediction, reference) => LongBenchMetrics.CodeSimilarity(prediction, reference, CodeSimilarityVariant.Levenshtein)),
        ["difflib_ratio"] = one => CheckBest(one, SequenceMatcherRatio.Of),
        ["longbench_scorer"] = CheckScorer,
        ["longbench_scorer_e"] = CheckScorerByLength,
        ["round2"] = CheckRounding,
        ["longbench_qa_f1_zh"] = one => CheckBest(one, (prediction, reference) => LongBenchMetrics.QaF1Chinese(prediction, reference, new FixtureSegmenter(one))),
        ["longbench_rouge_zh"] = one => CheckRouge(one, (prediction, reference, limit) => LongBenchMetrics.RougeLChinese(prediction, reference, new FixtureSegmenter(one), limit)),
        ["jieba_cut"] = one => Assert.Equal(Texts(one.GetProperty("expected")), InstalledJieba.Segmenter.Segment(Prediction(one))),
        ["longbench_v2_extract"] = one => Assert.Equal(one.GetProperty("expected").GetString(), LongBenchV2Metrics.ExtractAnswer(Prediction(one))),
    };

    private static void CheckBest(JsonElement one, Func<string, string, double> score)
    {
        JsonElement expected = one.GetProperty("expected");
        string[] references = Texts(one.GetProperty("references"));
        if (expected.ValueKind == JsonValueKind.Object) Assert.Throws<ArgumentException>(() => references.Max(reference => score(Prediction(one), reference)));
        else Assert.Equal(expected.GetDouble(), references.Max(reference => score(Prediction(one), reference)), Tolerance);
    }

    /// <summary>Beyond CPython's recursion limit both values must be right: the official 0, and what it would be.</summary>
    private static void CheckRouge(JsonElement one, Func<string, string, bool, double> score)
    {
        CheckBest(one, (prediction, reference) => score(prediction, reference, true));
        double value = one.TryGetProperty("expected_without_recursion_limit", out JsonElement unlimited) ? unlimited.GetDouble() : one.GetProperty("expected").GetDouble();
        Assert.Equal(value, Texts(one.GetProperty("references")).Max(reference => score(Prediction(one), reference, false)), Tolerance);
    }

    private static void CheckPltrdyRouge(JsonElement one)
    {
        string prediction = Prediction(one), reference = Texts(one.GetProperty("references")).Single();
        JsonElement expected = one.GetProperty("expected");
        if (expected.TryGetProperty("error", out _))
        {
            Assert.Throws<ArgumentException>(() => PltrdyRouge.Score(prediction, reference));
            return;
        }

        PltrdyRougeScores scores = PltrdyRouge.Score(prediction, reference);
        foreach ((string name, PltrdyRougeScore score) in new[] { ("rouge-1", scores.Rouge1), ("rouge-2", scores.Rouge2), ("rouge-l", scores.RougeL) })
        {
            Assert.Equal(expected.GetProperty(name).GetProperty("r").GetDouble(), score.Recall, Tolerance);
            Assert.Equal(expected.GetProperty(name).GetProperty("p").GetDouble(), score.Precision, Tolerance);
            Assert.Equal(expected.GetProperty(name).GetProperty("f").GetDouble(), score.F1, Tolerance);
        }
    }

    private static void CheckScorer(JsonElement one)
    {
        (string dataSet, string[] predictions, string[][] references) = Examples(one);
        double expected = one.GetProperty("expected").GetDouble();
        Assert.Equal(expected, Scorer(dataSet).Score(dataSet, predictions, references, AllClasses(one)));
    }

    private static void CheckScorerByLength(JsonElement one)
    {
        (string dataSet, string[] predictions, string[][] references) = Examples(one);
        int[] lengths = [.. one.GetProperty("args").GetProperty("lengths").EnumerateArray().Select(length => length.GetInt32())];
        LongBenchLengthScores scores = Scorer(dataSet).ScoreByLength(dataSet, predictions, references, lengths, AllClasses(one));
        JsonElement expected = one.GetProperty("expected");
        foreach ((string name, double score) in new[] { ("0-4k", scores.Below4K), ("4-8k", scores.From4KTo8K), ("8k+", scores.From8K) })
        {
            JsonElement value = expected.GetProperty(name);
            Assert.Equal(value.ValueKind == JsonValueKind.Null ? double.NaN : value.GetDouble(), score);
        }
    }

    private static void CheckRounding(JsonElement one)
    {
        double value = one.GetProperty("prediction").GetDouble();
        JsonElement expected = one.GetProperty("expected");
        Assert.Equal(expected.GetProperty("python").GetDouble(), PythonRounding.Round(value, 2));
        Assert.Equal(expected.GetProperty("python1").GetDouble(), PythonRounding.Round(value, 1));
        Assert.Equal(expected.GetProperty("numpy").GetDouble(), PythonRounding.RoundAsNumpy(value, 2));
    }

    private static LongBenchScorer Scorer(string dataSet) => new(new LongBenchScoringOptions
    {
        CodeSimilarity = CodeSimilarityVariant.Levenshtein,
        RecursionLimit = true,
        Segmenter = LongBenchScorer.NeedsSegmenter(dataSet) ? InstalledJieba.Segmenter : null,
    });

    private static (string DataSet, string[] Predictions, string[][] References) Examples(JsonElement one) => (
        one.GetProperty("args").GetProperty("dataset").GetString()!,
        Texts(one.GetProperty("prediction")),
        [.. one.GetProperty("references").EnumerateArray().Select(Texts)]);

    private static string Prediction(JsonElement one) => one.GetProperty("prediction").GetString()!;

    private static string[]? AllClasses(JsonElement one) => one.GetProperty("args").GetProperty("all_classes") is { ValueKind: JsonValueKind.Array } classes ? Texts(classes) : null;

    private static string[] Texts(JsonElement list) => [.. list.EnumerateArray().Select(text => text.GetString()!)];

    /// <summary>Cuts a case's texts as jieba did when the case was made.</summary>
    private sealed class FixtureSegmenter(JsonElement one) : ITextSegmenter
    {
        public string Name => "fixture";

        public bool IsComparable => true;

        public IReadOnlyList<string> Segment(string text)
        {
            if (text == Prediction(one)) return Texts(one.GetProperty("prediction_tokens"));
            int reference = Array.IndexOf(Texts(one.GetProperty("references")), text);
            return Texts(one.GetProperty("reference_tokens")[reference]);
        }
    }
}
