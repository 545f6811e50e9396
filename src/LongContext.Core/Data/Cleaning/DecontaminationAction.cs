namespace LongContext.Data.Cleaning;

/// <summary>What becomes of a document that holds an n-gram of an evaluation.</summary>
public enum DecontaminationAction
{
    /// <summary>
    /// The n-gram is cut out with a window about it, and the document goes on as the pieces that are left, each a document (GPT-3, Brown et al. 2020, appendix C).
    /// Prompts with completions and chats cannot be cut: they are removed.
    /// </summary>
    CutOut,

    /// <summary>The whole document is removed.</summary>
    Remove,
}
