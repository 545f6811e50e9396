namespace LongContext.Generation;

/// <summary>Where an answer of a model that thinks stands.</summary>
internal enum ReasoningStage
{
    /// <summary>Nothing but white space was written yet.</summary>
    Before,

    /// <summary>It thinks.</summary>
    Thinking,

    /// <summary>It answers.</summary>
    Answering,
}
