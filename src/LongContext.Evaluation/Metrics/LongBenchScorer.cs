namespace LongContext.Evaluation.Metrics;

/// <summary>
/// Scores of LongBench's data sets as its eval.py gives them (Bai et al. 2024, arXiv:2308.14508; THUDM/LongBench, commit 2e00731): which metric a data set has,
/// what of an answer counts, and how a whole data set is summed and rounded, for LongBench and, otherwise, for LongBench-E.
/// </summary>
public sealed class LongBenchScorer
{
    private const int Digits = 2, FirstBorder = 4000, SecondBorder = 8000;

    private static readonly Dictionary<string, LongBenchMetric> Metrics = new(StringComparer.Ordinal)
    {
        ["narrativeqa"] = LongBenchMetric.QaF1,
        ["qasper"] = LongBenchMetric.QaF1,
        ["multifieldqa_en"] = LongBenchMetric.QaF1,
        ["multifieldqa_zh"] = LongBenchMetric.QaF1Chinese,
        ["hotpotqa"] = LongBenchMetric.QaF1,
        ["2wikimqa"] = LongBenchMetric.QaF1,
        ["musique"] = LongBenchMetric.QaF1,
        ["dureader"] = LongBenchMetric.RougeLChinese,
        ["gov_report"] = LongBenchMetric.RougeL,
        ["qmsum"] = LongBenchMetric.RougeL,
        ["multi_news"] = LongBenchMetric.RougeL,
        ["vcsum"] = LongBenchMetric.RougeLChinese,
        ["trec"] = LongBenchMetric.Classification,
        ["triviaqa"] = LongBenchMetric.QaF1,
        ["samsum"] = LongBenchMetric.RougeL,
        ["lsht"] = LongBenchMetric.Classification,
        ["passage_retrieval_en"] = LongBenchMetric.Retrieval,
        ["passage_count"] = LongBenchMetric.Count,
        ["passage_retrieval_zh"] = LongBenchMetric.RetrievalChinese,
        ["lcc"] = LongBenchMetric.CodeSimilarity,
        ["repobench-p"] = LongBenchMetric.CodeSimilarity,
    };

    private readonly LongBenchScoringOptions options;

    /// <summary>Makes a scorer.</summary>
    /// <param name="options">What scores depend on beside the data; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">A code similarity that there is not.</exception>
    public LongBenchScorer(LongBenchScoringOptions? options = null)
    {
        this.options = options ?? new LongBenchScoringOptions();
        LongBenchMetrics.CheckVariant(this.options.CodeSimilarity, nameof(options));
    }

    /// <summary>The 21 data sets by their official names.</summary>
    public static IReadOnlyCollection<string> DataSets => Metrics.Keys;

    /// <summary>A data set's metric.</summary>
    /// <param name="dataSet">Its official name, as "hotpotqa"; LongBench-E's are without the ending _e.</param>
    /// <exception cref="ArgumentException">There is no such data set.</exception>
    public static LongBenchMetric MetricOf(string dataSet)
    {
        ArgumentNullException.ThrowIfNull(dataSet);
        return Metrics.TryGetValue(dataSet, out LongBenchMetric metric)
            ? metric
            : throw new ArgumentException($"LongBench has no data set \"{dataSet}\"; it has {string.Join(", ", Metrics.Keys)}.", nameof(dataSet));
    }

    /// <summary>Whether a data set's score depends on a segmenter of Chinese.</summary>
    /// <param name="dataSet">Its official name.</param>
    /// <exception cref="ArgumentException">There is no such data set.</exception>
    public static bool NeedsSegmenter(string dataSet) => MetricOf(dataSet) is LongBenchMetric.QaF1Chinese or LongBenchMetric.RougeLChinese;

    /// <summary>
    /// What of an answer is scored: of trec, triviaqa, samsum and lsht the first line after leading line feeds, of the others all.
    /// </summary>
    /// <param name="dataSet">The data set's official name.</param>
    /// <param name="prediction">What the model said.</param>
    public static string Cut(string dataSet, string prediction)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        return dataSet is "trec" or "triviaqa" or "samsum" or "lsht" ? prediction.TrimStart('\n').Split('\n')[0] : prediction;
    }

    /// <summary>The score of one example, 0 to 1: the best over its references, 0 without any.</summary>
    /// <param name="dataSet">The data set's official name.</param>
    /// <param name="prediction">What the model said; it is cut as <see cref="Cut"/> does.</param>
    /// <param name="references">Right answers.</param>
    /// <param name="allClasses">All classes of the data set, which trec and lsht need; others leave it.</param>
    /// <exception cref="ArgumentException">An unknown data set, classes or a segmenter missing, or a reference that the metric cannot read.</exception>
    public double ScoreExample(string dataSet, string prediction, IReadOnlyList<string> references, IReadOnlyList<string>? allClasses = null)
    {
        ArgumentNullException.ThrowIfNull(references);
        LongBenchMetric metric = MetricOf(dataSet);
        string said = Cut(dataSet, prediction);
        double best = 0;
        foreach (string reference in references) best = Math.Max(best, LongBenchMetrics.Score(metric, dataSet, said, reference, allClasses, options));
        return best;
    }

    /// <summary>LongBench's score of a data set, 0 to 100 with two digits, rounded as Python does: eval.py's scorer.</summary>
    /// <param name="dataSet">The data set's official name.</param>
    /// <param name="predictions">What the model said to each example, at least one.</param>
    /// <param name="references">Right answers of each.</param>
    /// <param name="allClasses">All classes of the data set, which trec and lsht need.</param>
    /// <exception cref="ArgumentException">As of an example; none, or not as many references as predictions.</exception>
    public double Score(
        string dataSet, IReadOnlyList<string> predictions, IReadOnlyList<IReadOnlyList<string>> references, IReadOnlyList<string>? allClasses = null) =>
        Total(ScoreAll(dataSet, predictions, references, allClasses));

    /// <summary>LongBench-E's scores of a data set by length, rounded as numpy does: eval.py's scorer_e.</summary>
    /// <param name="dataSet">The data set's official name, without the ending _e.</param>
    /// <param name="predictions">What the model said to each example.</param>
    /// <param name="references">Right answers of each.</param>
    /// <param name="lengths">The field <c>length</c> of each.</param>
    /// <param name="allClasses">All classes of the data set, which trec needs.</param>
    /// <exception cref="ArgumentException">As of an example; not as many references or lengths as predictions.</exception>
    public LongBenchLengthScores ScoreByLength(
        string dataSet, IReadOnlyList<string> predictions, IReadOnlyList<IReadOnlyList<string>> references, IReadOnlyList<int> lengths,
        IReadOnlyList<string>? allClasses = null) =>
        TotalByLength(ScoreAll(dataSet, predictions, references, allClasses), lengths);

    /// <summary>A data set's score from those of its examples: 100 times their sum, from the first to the last, by their number, rounded as Python does.</summary>
    /// <param name="scores">The score of each example, 0 to 1; at least one.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static double Total(IReadOnlyList<double> scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        if (scores.Count == 0) throw new ArgumentException("There is no example to score.", nameof(scores));
        double total = 0;
        foreach (double score in scores) total += score;
        return PythonRounding.Round(100 * total / scores.Count, Digits);
    }

    /// <summary>A data set's scores by length from those of its examples: 100 times numpy's mean, rounded as numpy does.</summary>
    /// <param name="scores">The score of each example, 0 to 1.</param>
    /// <param name="lengths">The length of each in words.</param>
    /// <exception cref="ArgumentException">Not as many lengths as scores.</exception>
    public static LongBenchLengthScores TotalByLength(IReadOnlyList<double> scores, IReadOnlyList<int> lengths)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(lengths);
        if (lengths.Count != scores.Count) throw new ArgumentException($"There are {lengths.Count} lengths for {scores.Count} examples.", nameof(lengths));
        return new LongBenchLengthScores(Mean(0, FirstBorder), Mean(FirstBorder, SecondBorder), Mean(SecondBorder, int.MaxValue));

        // The first group takes what is below its end, the last all that is left.
        double Mean(int from, int end)
        {
            double[] group = [.. scores.Where((_, i) => (from == 0 || lengths[i] >= from) && (end == int.MaxValue || lengths[i] < end))];
            return PythonRounding.RoundAsNumpy(100 * NumpyMean.Of(group), Digits);
        }
    }

    private double[] ScoreAll(
        string dataSet, IReadOnlyList<string> predictions, IReadOnlyList<IReadOnlyList<string>> references, IReadOnlyList<string>? allClasses)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        ArgumentNullException.ThrowIfNull(references);
        if (references.Count != predictions.Count)
            throw new ArgumentException($"There are references of {references.Count} examples for {predictions.Count} predictions.", nameof(references));
        return [.. predictions.Select((prediction, i) => ScoreExample(dataSet, prediction, references[i], allClasses))];
    }
}
