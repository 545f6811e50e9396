using System.Text.Json;
using LongContext.Evaluation.Tasks;
using LongContext.TestSupport;

namespace LongContext.Evaluation.Metrics;

/// <summary>Every metric file of the fixtures against our metric of that name: one test case a file.</summary>
public sealed class MetricFixtureTests
{
    private const double Tolerance = 1e-9;

    // What a file's "metric" names → what checks one of its cases.
    private static readonly Dictionary<string, Action<JsonElement>> Metrics = new Dictionary<string, Action<JsonElement>>
    {
        ["levenshtein"] = CheckLevenshtein,
        ["together_repetition"] = CheckTogetherRepetition,
        ["perplexity_per_byte"] = CheckPerplexityPerByte,
        ["rouge_google_nostem"] = one => CheckGoogleRouge(one, stems: false),
        ["rouge_google_stem"] = one => CheckGoogleRouge(one, stems: true),
        ["porter_stemmer"] = one => Assert.Equal(one.GetProperty("expected").GetString(), PorterStemmer.Stem(one.GetProperty("prediction").GetString()!)),
        ["normalize_answer"] = CheckNormalizeAnswer,
        ["litm_best_subspan_em"] = CheckBestSubspan,
    }.Concat(LongBenchFixtures.Checks).ToDictionary();

    [Theory]
    [Trait(FixtureTraits.Name, FixtureTraits.Metrics)]
    [MemberData(nameof(Files))]
    public void Metric_OfficialCases_AgreesWithTheReference(string file)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestPaths.Fixtures, "metrics", file)));
        string metric = document.RootElement.GetProperty("metric").GetString()!;
        if (!Metrics.TryGetValue(metric, out Action<JsonElement>? check) && !OtherMetricFixtures.Checks.TryGetValue(metric, out check))
        {
            Assert.Fail($"{file}: nothing checks the metric \"{metric}\".");
            return;
        }

        JsonElement cases = document.RootElement.GetProperty("cases");
        Assert.NotEqual(0, cases.GetArrayLength());
        int index = 0;
        foreach (JsonElement one in cases.EnumerateArray())
        {
            try
            {
                check(one);
            }
            catch (Exception fault) when (fault is not (OutOfMemoryException or Xunit.Sdk.SkipException))
            {
                throw new InvalidOperationException($"{file}, case {index}: {fault.Message}", fault);
            }

            index++;
        }
    }

    public static IEnumerable<TheoryDataRow<string>> Files() => TestPaths.FixtureFiles("*.json", "metrics");

    private static void CheckLevenshtein(JsonElement one)
    {
        string prediction = one.GetProperty("prediction").GetString()!;
        string reference = one.GetProperty("references")[0].GetString()!;
        JsonElement expected = one.GetProperty("expected");
        Assert.Equal(expected.GetProperty("distance").GetInt32(), Levenshtein.Distance(prediction, reference));
        Assert.Equal(expected.GetProperty("indel_distance").GetInt32(), Levenshtein.IndelDistance(prediction, reference));
        Assert.Equal(expected.GetProperty("indel_ratio").GetDouble(), Levenshtein.IndelRatio(prediction, reference), Tolerance);
        Assert.Equal(expected.GetProperty("edit_similarity").GetDouble(), Levenshtein.EditSimilarity(prediction, reference), Tolerance);
    }

    private static void CheckTogetherRepetition(JsonElement one)
    {
        string prediction = one.GetProperty("prediction").GetString()!;
        string target = one.GetProperty("references")[0].GetString()!;
        JsonElement args = one.GetProperty("args");
        Assert.Equal(target, RepetitionTask.LastWords(args.GetProperty("document").GetString()!, args.GetProperty("n").GetInt32()));
        EvaluationItem item = new() { Id = "", Prompt = new EvaluationPrompt(), Answers = [target] };
        JsonElement expected = one.GetProperty("expected");
        Assert.Equal(expected.GetProperty("ratio").GetDouble(), RepetitionTask.CharacterScore(item, prediction), Tolerance);
        Assert.Equal(expected.GetProperty("length_difference").GetInt32(), RepetitionTask.WordCountDifference(item, prediction));
    }

    private static void CheckPerplexityPerByte(JsonElement one)
    {
        JsonElement args = one.GetProperty("args");
        PerplexityAccumulator accumulator = new();
        accumulator.Add(
            [.. args.GetProperty("token_losses_nats").EnumerateArray().Select(loss => loss.GetDouble())],
            args.GetProperty("num_bytes").GetInt64());
        JsonElement expected = one.GetProperty("expected");
        AssertRelative(expected.GetProperty("perplexity"), accumulator.Perplexity);
        AssertRelative(expected.GetProperty("bits_per_byte"), accumulator.BitsPerByte);
        AssertRelative(expected.GetProperty("logprob_per_byte"), accumulator.LogProbabilityPerByte);
        AssertRelative(expected.GetProperty("perplexity_per_byte"), accumulator.PerplexityPerByte);
        AssertRelative(expected.GetProperty("total_nats"), accumulator.TotalNats);
    }

    private static void CheckGoogleRouge(JsonElement one, bool stems)
    {
        RougeScores scores = GoogleRouge.Score(one.GetProperty("prediction").GetString()!, References(one), stems);
        JsonElement expected = one.GetProperty("expected");
        foreach ((string name, PrecisionRecall score) in new[] { ("rouge1", scores.Rouge1), ("rouge2", scores.Rouge2), ("rougeL", scores.RougeL), ("rougeLsum", scores.RougeLsum) })
        {
            Assert.Equal(expected.GetProperty(name).GetProperty("precision").GetDouble(), score.Precision, Tolerance);
            Assert.Equal(expected.GetProperty(name).GetProperty("recall").GetDouble(), score.Recall, Tolerance);
            Assert.Equal(expected.GetProperty(name).GetProperty("fmeasure").GetDouble(), score.F1, Tolerance);
        }
    }

    private static void CheckNormalizeAnswer(JsonElement one)
    {
        string text = one.GetProperty("prediction").GetString()!;
        JsonElement expected = one.GetProperty("expected");
        Assert.Equal(expected.GetProperty("en").GetString(), SquadNormalization.Normalize(text, WordCharacters.PythonRe));
        Assert.Equal(expected.GetProperty("zh").GetString(), SquadNormalization.NormalizeChinese(text));
    }

    private static void CheckBestSubspan(JsonElement one)
    {
        string prediction = one.GetProperty("prediction").GetString()!;
        JsonElement expected = one.GetProperty("expected");
        Assert.Equal(expected.GetProperty("normalized_prediction").GetString(), LostInTheMiddle.Normalize(prediction));
        Assert.Equal(expected.GetProperty("best_subspan_em").GetDouble(), LostInTheMiddle.BestSubspanExactMatch(prediction, References(one)));
        Assert.Equal(expected.GetProperty("script").GetDouble(), LostInTheMiddle.BestSubspanExactMatch(LostInTheMiddle.FirstLine(prediction), References(one)));
    }

    private static string[] References(JsonElement one) => [.. one.GetProperty("references").EnumerateArray().Select(reference => reference.GetString()!)];

    /// <summary>
    /// Null stands for a measure that is not reported; large values are compared relatively, as the fixtures' README says.
    /// </summary>
    private static void AssertRelative(JsonElement expected, double actual)
    {
        if (expected.ValueKind == JsonValueKind.Null)
        {
            Assert.Equal(double.NaN, actual);
            return;
        }

        Assert.Equal(expected.GetDouble(), actual, Tolerance * Math.Max(1, Math.Abs(expected.GetDouble())));
    }
}
