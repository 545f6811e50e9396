namespace LongContext.Data.Making;

/// <summary>The three prompts of "Lost in the Middle".</summary>
public enum MultiDocumentForm
{
    /// <summary>Instruction, documents, question.</summary>
    Plain,

    /// <summary>The question before the documents too.</summary>
    QueryAware,

    /// <summary>Says that the documents are in random order.</summary>
    RandomOrder,
}
