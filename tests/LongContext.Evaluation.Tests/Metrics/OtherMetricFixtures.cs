using System.Text.Json;

namespace LongContext.Evaluation.Metrics;

/// <summary>What checks a case of the metrics of SQuAD, HELM, RULER, Lost in the Middle, InfiniteBench, HELMET and BABILong.</summary>
internal static class OtherMetricFixtures
{
    private const double Tolerance = 1e-9;

    /// <summary>What a file's "metric" names → the check.</summary>
    public static IReadOnlyDictionary<string, Action<JsonElement>> Checks { get; } = new Dictionary<string, Action<JsonElement>>
    {
        ["squad_v1"] = one => CheckSquad(one, Squad.ScoreVersion1(Prediction(one), References(one))),
        ["squad_v2"] = one => CheckSquad(one, Squad.ScoreVersion2(Prediction(one), References(one))),
        ["helm_reference_metrics"] = CheckHelmReferences,
        ["helm_ranking"] = CheckHelmRanking,
        ["ruler_string_match_all"] = one => Assert.Equal(Expected(one).GetDouble(), RulerMetrics.MatchAll(Strings(one, "prediction"), ListsOfReferences(one)), Tolerance),
        ["ruler_string_match_part"] = one => Assert.Equal(Expected(one).GetDouble(), RulerMetrics.MatchPart(Strings(one, "prediction"), ListsOfReferences(one)), Tolerance),
        ["ruler_postprocess"] = one => Assert.Equal(Expected(one).GetString(), RulerMetrics.Clean(Prediction(one))),
        ["litm_kv_accuracy"] = one => Assert.Equal(Expected(one).GetDouble(), LostInTheMiddle.KeyValueAccuracy(Prediction(one), Assert.Single(References(one)))),
        ["infinitebench"] = CheckInfiniteBench,
        ["helmet_metrics"] = CheckHelmet,
        ["helmet_parse_rankings"] = CheckHelmetRankings,
        ["babilong_compare_answers"] = CheckBabiLong,
    };

    private static void CheckSquad(JsonElement one, SquadScores scores)
    {
        Assert.Equal(Expected(one).GetProperty("exact_match").GetDouble(), scores.ExactMatch);
        Assert.Equal(Expected(one).GetProperty("f1").GetDouble(), scores.F1, Tolerance);
    }

    private static void CheckHelmReferences(JsonElement one) => CheckNumbers(one, new Dictionary<string, Func<string, IReadOnlyList<string>, double>>
    {
        ["exact_match"] = HelmMetrics.ExactMatch,
        ["quasi_exact_match"] = HelmMetrics.QuasiExactMatch,
        ["quasi_leave_articles_exact_match"] = HelmMetrics.QuasiExactMatchWithArticles,
        ["prefix_exact_match"] = HelmMetrics.PrefixExactMatch,
        ["quasi_prefix_exact_match"] = HelmMetrics.QuasiPrefixExactMatch,
        ["f1_score"] = HelmMetrics.F1,
        ["final_number_exact_match"] = HelmMetrics.FinalNumberExactMatch,
    }.ToDictionary(metric => metric.Key, metric => metric.Value(Prediction(one), References(one))));

    private static void CheckHelmRanking(JsonElement one)
    {
        JsonElement args = one.GetProperty("args");
        KeyValuePair<string, double>[] run = [.. args.GetProperty("run").EnumerateArray().Select(pair => KeyValuePair.Create(pair[0].GetString()!, pair[1].GetDouble()))];
        Dictionary<string, int> relevances = args.GetProperty("qrels").EnumerateArray().ToDictionary(pair => pair[0].GetString()!, pair => pair[1].GetInt32());
        CheckNumbers(one, new Dictionary<string, double>
        {
            ["RR@10"] = HelmRanking.ReciprocalRank(run, relevances),
            ["RR@10_multiple_relevance_values"] = HelmRanking.ReciprocalRank(run, relevances, multipleRelevanceValues: true),
            ["NDCG@10"] = HelmRanking.NormalizedDiscountedCumulativeGain(run, relevances),
        });
    }

    private static void CheckInfiniteBench(JsonElement one)
    {
        JsonElement args = one.GetProperty("args");
        JsonElement references = one.GetProperty("references");
        JsonElement label = args.GetProperty("label_is_list").GetBoolean() ? references : references[0];
        InfiniteBenchTask task = InfiniteBenchMetrics.ParseTask(args.GetProperty("task").GetString()!);
        if (Expected(one).ValueKind != JsonValueKind.Object)
        {
            Assert.Equal(Expected(one).GetDouble(), InfiniteBenchMetrics.Score(task, Prediction(one), label), Tolerance);
            return;
        }

        Exception fault = Assert.ThrowsAny<Exception>(() => InfiniteBenchMetrics.Score(task, Prediction(one), label));
        Assert.IsType(Expected(one).GetProperty("error").GetString() == "ValueError" ? typeof(FormatException) : typeof(ArgumentException), fault);
    }

    private static void CheckHelmet(JsonElement one)
    {
        HelmetScores scores = HelmetMetrics.Score(Prediction(one), References(one));
        CheckNumbers(one, new Dictionary<string, double>
        {
            ["exact_match"] = scores.ExactMatch,
            ["f1"] = scores.F1,
            ["substring_exact_match"] = scores.SubstringExactMatch,
            ["rougeL_f1"] = scores.RougeLF1,
            ["rougeL_recall"] = scores.RougeLRecall,
            ["rougeLsum_f1"] = scores.RougeLsumF1,
            ["rougeLsum_recall"] = scores.RougeLsumRecall,
        });
        Assert.Equal(Expected(one).GetProperty("parse_output").GetString(), HelmetMetrics.ParseOutput(Prediction(one)));
    }

    private static void CheckHelmetRankings(JsonElement one) => Assert.Equal(
        Expected(one).EnumerateObject().Select(pair => KeyValuePair.Create(pair.Name, pair.Value.GetDouble())),
        HelmetMetrics.ParseRankings(Prediction(one)));

    private static void CheckBabiLong(JsonElement one)
    {
        JsonElement args = one.GetProperty("args");
        Assert.Equal(
            Expected(one).GetBoolean(),
            BabiLong.CompareAnswers(Assert.Single(References(one)), Prediction(one), args.GetProperty("question").GetString()!, Strings(args, "labels")));
    }

    /// <summary>Every number and truth value that is expected is among the scores; what else is expected is not a score.</summary>
    private static void CheckNumbers(JsonElement one, Dictionary<string, double> scores)
    {
        foreach (JsonProperty expected in Expected(one).EnumerateObject().Where(property => property.Value.ValueKind != JsonValueKind.String))
        {
            double value = expected.Value.ValueKind == JsonValueKind.Number ? expected.Value.GetDouble() : expected.Value.GetBoolean() ? 1 : 0;
            Assert.Equal(value, scores[expected.Name], Tolerance);
        }
    }

    private static JsonElement Expected(JsonElement one) => one.GetProperty("expected");

    private static string Prediction(JsonElement one) => one.GetProperty("prediction").GetString()!;

    private static string[] References(JsonElement one) => Strings(one, "references");

    private static string[] Strings(JsonElement one, string name) => [.. one.GetProperty(name).EnumerateArray().Select(entry => entry.GetString()!)];

    private static IReadOnlyList<string>[] ListsOfReferences(JsonElement one) =>
        [.. one.GetProperty("references").EnumerateArray().Select(list => list.EnumerateArray().Select(entry => entry.GetString()!).ToArray())];
}
