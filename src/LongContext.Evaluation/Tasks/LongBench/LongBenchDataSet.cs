using LongContext.Evaluation.Metrics;

namespace LongContext.Evaluation.Tasks.LongBench;

/// <summary>What is fixed about a data set of LongBench, whatever the files of the benchmark say.</summary>
/// <param name="Name">Its name, which files, prompts and answer lengths are found by.</param>
/// <param name="Category">What it is averaged with.</param>
/// <param name="Language">"en", "zh", or "code", which counts among both.</param>
/// <param name="IsInE">Whether LongBench-E has it.</param>
/// <remarks>The lists and the way of asking are those of pred.py (THUDM/LongBench 2e00731), categories and languages those of the README's tables.</remarks>
internal sealed record LongBenchDataSet(string Name, LongBenchCategory Category, string Language = "en", bool IsInE = false)
{
    /// <summary>All 21, in pred.py's order.</summary>
    public static IReadOnlyList<LongBenchDataSet> All { get; } =
    [
        new("narrativeqa", LongBenchCategory.SingleDocumentQuestions),
        new("qasper", LongBenchCategory.SingleDocumentQuestions, IsInE: true),
        new("multifieldqa_en", LongBenchCategory.SingleDocumentQuestions, IsInE: true),
        new("multifieldqa_zh", LongBenchCategory.SingleDocumentQuestions, "zh"),
        new("hotpotqa", LongBenchCategory.MultiDocumentQuestions, IsInE: true),
        new("2wikimqa", LongBenchCategory.MultiDocumentQuestions, IsInE: true),
        new("musique", LongBenchCategory.MultiDocumentQuestions),
        new("dureader", LongBenchCategory.MultiDocumentQuestions, "zh"),
        new("gov_report", LongBenchCategory.Summarization, IsInE: true),
        new("qmsum", LongBenchCategory.Summarization),
        new("multi_news", LongBenchCategory.Summarization, IsInE: true),
        new("vcsum", LongBenchCategory.Summarization, "zh"),
        new("trec", LongBenchCategory.FewShotLearning, IsInE: true) { Style = PromptStyle.Completion },
        new("triviaqa", LongBenchCategory.FewShotLearning, IsInE: true) { Style = PromptStyle.Completion },
        new("samsum", LongBenchCategory.FewShotLearning, IsInE: true) { Style = PromptStyle.Completion, StopsAtLineEnd = true },
        new("lsht", LongBenchCategory.FewShotLearning, "zh") { Style = PromptStyle.Completion },
        new("passage_count", LongBenchCategory.Synthetic, IsInE: true),
        new("passage_retrieval_en", LongBenchCategory.Synthetic, IsInE: true),
        new("passage_retrieval_zh", LongBenchCategory.Synthetic, "zh"),
        new("lcc", LongBenchCategory.CodeCompletion, "code", IsInE: true) { Style = PromptStyle.Completion },
        new("repobench-p", LongBenchCategory.CodeCompletion, "code", IsInE: true) { Style = PromptStyle.Completion },
    ];

    /// <summary>The 13 of LongBench-E, in pred.py's order.</summary>
    public static IReadOnlyList<LongBenchDataSet> AllOfE { get; } = [.. All.Where(set => set.IsInE)];

    /// <summary>How many items LongBench has of it.</summary>
    public int ItemCount => Name switch
    {
        "multifieldqa_en" => 150,
        "lcc" or "repobench-p" => 500,
        _ => 200,
    };

    /// <summary>Without a chat template where chat models do better so.</summary>
    public PromptStyle Style { get; init; }

    /// <summary>Whether an answer ends at a line end, though not before its first token.</summary>
    public bool StopsAtLineEnd { get; init; }

    /// <summary>Whether scores need the list of all classes.</summary>
    public bool HasClasses => LongBenchScorer.MetricOf(Name) == LongBenchMetric.Classification;

    /// <summary>How an answer of at most so many tokens is generated: greedily.</summary>
    public AnswerSettings Settings(int maximumNewTokens) => StopsAtLineEnd
        ? new AnswerSettings { MaximumNewTokens = maximumNewTokens, MinimumNewTokens = 1, StopSequences = ["\n"] }
        : new AnswerSettings { MaximumNewTokens = maximumNewTokens };
}
