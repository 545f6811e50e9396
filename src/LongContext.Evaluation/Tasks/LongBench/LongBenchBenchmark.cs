using System.Globalization;

namespace LongContext.Evaluation.Tasks.LongBench;

/// <summary>The averages of LongBench's README, of LongBench and of LongBench-E.</summary>
internal sealed class LongBenchBenchmark : IBenchmark
{
    private LongBenchBenchmark()
    {
    }

    public static LongBenchBenchmark Instance { get; } = new();

    public ReportSection? Summarize(EvaluationReport report)
    {
        IReadOnlyList<LongBenchAverages> averages = LongBenchAverages.Of(report);
        if (averages.Count == 0) return null;
        return new ReportSection
        {
            Title = "LongBench",
            Remark = "Means of the data sets' figures by kind of task; Avg is the mean of the kinds. A figure is not stated where a data set is missing for it. Incomplete are data sets of which items failed, were too long or were left out.",
            Columns =
            [
                "Model", "Strategy", "Benchmark", "Language", "Single-Doc QA", "Multi-Doc QA", "Summarization", "Few-shot Learning", "Synthetic Tasks", "Code Completion", "Avg", "Missing", "Incomplete",
            ],
            NameColumns = 4,
            Rows = [.. averages.SelectMany(Rows)],
        };
    }

    private static IEnumerable<IReadOnlyList<string>> Rows(LongBenchAverages of)
    {
        yield return Row(of, "English", of.English);
        if (of.Bucket is not null) yield break;
        yield return Row(of, "Chinese", of.Chinese);
        yield return Row(of, "all", of.All);
    }

    private static IReadOnlyList<string> Row(LongBenchAverages of, string language, LongBenchAverage average) =>
    [
        of.Model,
        of.Strategy,
        of.Benchmark + (of.Bucket is { } bucket ? $", {bucket}" : ""),
        language,
        Figure(average.SingleDocumentQuestions),
        Figure(average.MultiDocumentQuestions),
        Figure(average.Summarization),
        Figure(average.FewShotLearning),
        Figure(average.Synthetic),
        Figure(average.CodeCompletion),
        Figure(average.Overall),
        of.Missing.Count.ToString(CultureInfo.InvariantCulture),
        of.Incomplete.Count.ToString(CultureInfo.InvariantCulture),
    ];

    private static string Figure(double? value) => value is { } number ? number.ToString("0.00", CultureInfo.InvariantCulture) : "–";
}
