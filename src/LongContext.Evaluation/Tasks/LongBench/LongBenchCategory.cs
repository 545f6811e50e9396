namespace LongContext.Evaluation.Tasks.LongBench;

/// <summary>The kinds of task that LongBench averages over.</summary>
public enum LongBenchCategory
{
    /// <summary>Questions about one document: narrativeqa, qasper, multifieldqa_en, multifieldqa_zh.</summary>
    SingleDocumentQuestions,

    /// <summary>Questions about several documents: hotpotqa, 2wikimqa, musique, dureader.</summary>
    MultiDocumentQuestions,

    /// <summary>Summaries: gov_report, qmsum, multi_news, vcsum.</summary>
    Summarization,

    /// <summary>Learning from examples in the prompt: trec, triviaqa, samsum, lsht.</summary>
    FewShotLearning,

    /// <summary>Made tasks: passage_count, passage_retrieval_en, passage_retrieval_zh.</summary>
    Synthetic,

    /// <summary>The next line of code: lcc, repobench-p. They count among the English and the Chinese.</summary>
    CodeCompletion,
}
