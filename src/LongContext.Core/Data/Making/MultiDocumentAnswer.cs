namespace LongContext.Data.Making;

/// <summary>What a model is to answer.</summary>
public enum MultiDocumentAnswer
{
    /// <summary>The first right answer.</summary>
    AnswerOnly,

    /// <summary>
    /// The answer, on the next line "Long Answer: " and the evidence where there is some, and on the last "Gold Document ID: " and the number that the prompt gives the
    /// document: the form of Together's published training set (Long-Data-Collections, natural_questions_10_200_docs).
    /// </summary>
    WithSource,
}
