namespace LongContext.Samples.MultiDocumentQA;

/// <summary>Questions that can be asked under any number of documents, with the one that answers at any place among them.</summary>
internal interface IQuestionSet
{
    /// <summary>The same question with the same other documents wherever the gold one stands.</summary>
    /// <param name="number">From 0.</param>
    /// <param name="documents">How many.</param>
    /// <param name="gold">Where the gold document stands, from 0; null leaves it out, and another fills its place.</param>
    PositionQuestion Ask(int number, int documents, int? gold);
}
