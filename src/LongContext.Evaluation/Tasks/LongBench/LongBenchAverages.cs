namespace LongContext.Evaluation.Tasks.LongBench;

/// <summary>What one model with one strategy reached in LongBench or LongBench-E, as the tables of the benchmark's README have it.</summary>
/// <remarks>
/// Of the data sets' figures, rounded to two digits as eval.py writes them, the means by kind of task; of these the mean. Code counts among the English and the Chinese (Bai
/// et al. 2023, arXiv:2308.14508, table 3; the README's tables agree to their digit). LongBench-E's are by bucket of lengths and English only.
/// </remarks>
public sealed record LongBenchAverages
{
    /// <summary>The model's name. Required.</summary>
    public required string Model { get; init; }

    /// <summary>The strategy's name. Required.</summary>
    public required string Strategy { get; init; }

    /// <summary>"longbench" or "longbench-e", with a note behind it where tasks have only some of the items: "longbench (first 20)". Required.</summary>
    public required string Benchmark { get; init; }

    /// <summary>LongBench-E's bucket of lengths, such as "0-4k"; null for LongBench.</summary>
    public string? Bucket { get; init; }

    /// <summary>English and code. Required.</summary>
    public required LongBenchAverage English { get; init; }

    /// <summary>Chinese and code; all null for LongBench-E, which has no Chinese. Required.</summary>
    public required LongBenchAverage Chinese { get; init; }

    /// <summary>Both; of LongBench-E the same as English. Required.</summary>
    public required LongBenchAverage All { get; init; }

    /// <summary>
    /// The data sets without a figure that can be compared with published ones: not evaluated, nothing scored (in this bucket), or scored with another segmenter. Required.
    /// </summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>
    /// The data sets whose figures are not of all their items: some failed, were too long, were not asked or were left out (only the first ones asked), or, of LongBench, fewer were scored than the data set has. Required.
    /// </summary>
    public required IReadOnlyList<string> Incomplete { get; init; }

    /// <summary>The averages of a report, by model, strategy and benchmark in the report's order.</summary>
    /// <param name="report">The report of a run with tasks of <see cref="LongBench"/>; others are passed over.</param>
    /// <returns>One for LongBench, three, by length, for LongBench-E; none where there are no such tasks.</returns>
    public static IReadOnlyList<LongBenchAverages> Of(EvaluationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return
        [
            .. report.Tasks.Select(LongBenchResult.Of).OfType<LongBenchResult>()
                .GroupBy(result => (result.Summary.Model, result.Summary.Strategy, result.IsE, result.Note))
                .SelectMany(group => group.Key.IsE
                    ? LongBenchTask.Buckets.Select(bucket => Average([.. group], bucket))
                    : [Average([.. group], null)]),
        ];
    }

    private static LongBenchAverages Average(IReadOnlyList<LongBenchResult> results, string? bucket)
    {
        LongBenchResult first = results[0];
        Dictionary<string, double> figures = [];
        foreach (LongBenchResult result in results)
        {
            if (result.Figure(bucket ?? LongBenchTask.Score0To100) is { } figure) figures[result.DataSet] = figure;
        }

        IReadOnlyList<LongBenchDataSet> sets = first.IsE ? LongBenchDataSet.AllOfE : LongBenchDataSet.All;
        return new LongBenchAverages
        {
            Model = first.Summary.Model,
            Strategy = first.Summary.Strategy,
            Benchmark = (first.IsE ? "longbench-e" : "longbench") + (first.Note is { } note ? $" ({note})" : ""),
            Bucket = bucket,
            English = Of(sets.Where(set => set.Language is "en" or "code")),
            Chinese = first.IsE ? new LongBenchAverage() : Of(sets.Where(set => set.Language is "zh" or "code")),
            All = Of(sets),
            Missing = [.. sets.Where(set => !figures.ContainsKey(set.Name)).Select(set => set.Name)],
            Incomplete = [.. results.Where(result => result.IsIncomplete).Select(result => result.DataSet)],
        };

        LongBenchAverage Of(IEnumerable<LongBenchDataSet> some)
        {
            ILookup<LongBenchCategory, double?> kinds = some.ToLookup(set => set.Category, set => figures.TryGetValue(set.Name, out double figure) ? figure : (double?)null);
            double? Mean(LongBenchCategory kind) => MeanOf(kinds[kind]);
            return new LongBenchAverage
            {
                Overall = MeanOf(Enum.GetValues<LongBenchCategory>().Select(Mean)),
                SingleDocumentQuestions = Mean(LongBenchCategory.SingleDocumentQuestions),
                MultiDocumentQuestions = Mean(LongBenchCategory.MultiDocumentQuestions),
                Summarization = Mean(LongBenchCategory.Summarization),
                FewShotLearning = Mean(LongBenchCategory.FewShotLearning),
                Synthetic = Mean(LongBenchCategory.Synthetic),
                CodeCompletion = Mean(LongBenchCategory.CodeCompletion),
            };
        }
    }

    /// <summary>The mean, or null where a value is missing: of fewer it would be another figure.</summary>
    private static double? MeanOf(IEnumerable<double?> values)
    {
        double?[] all = [.. values];
        return all.Length > 0 && all.All(value => value is not null) ? all.Average() : null;
    }
}
