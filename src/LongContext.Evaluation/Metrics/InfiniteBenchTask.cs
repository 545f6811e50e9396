namespace LongContext.Evaluation.Metrics;

/// <summary>The twelve tasks of InfiniteBench (Zhang et al. 2024, arXiv:2402.13718).</summary>
public enum InfiniteBenchTask
{
    /// <summary>passkey: a number among sentences that say nothing.</summary>
    Passkey,

    /// <summary>number_string: the same with repeated digits.</summary>
    NumberString,

    /// <summary>kv_retrieval: the value of a key of a JSON object.</summary>
    KeyValueRetrieval,

    /// <summary>longdialogue_qa_eng: who speaks where a name is masked.</summary>
    DialogueQuestions,

    /// <summary>longbook_sum_eng: the summary of a book.</summary>
    BookSummary,

    /// <summary>longbook_choice_eng: questions on a book with four options.</summary>
    BookChoice,

    /// <summary>longbook_qa_eng: questions on a book.</summary>
    BookQuestions,

    /// <summary>longbook_qa_chn: questions on a Chinese book.</summary>
    ChineseBookQuestions,

    /// <summary>math_find: a number of a list, such as its largest.</summary>
    MathFind,

    /// <summary>math_calc: all intermediate results of a long sum.</summary>
    MathCalculation,

    /// <summary>code_run: what a function returns.</summary>
    CodeRun,

    /// <summary>code_debug: which function has an error.</summary>
    CodeDebug,
}
