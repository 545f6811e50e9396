namespace LongContext.Data.Making;

/// <summary>Which tokens of in-context examples count.</summary>
public enum InContextLoss
{
    /// <summary>
    /// All of them, prompts and separators too: plain language modelling on the packed text, as the training program has it that Together published
    /// (OpenChatKit).
    /// </summary>
    Everything,

    /// <summary>All answers, each with the separator after it, so that a model learns where an answer ends.</summary>
    Answers,

    /// <summary>The last answer alone; the others are only there to be looked at.</summary>
    LastAnswer,
}
