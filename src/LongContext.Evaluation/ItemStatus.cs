namespace LongContext.Evaluation;

/// <summary>What became of an item.</summary>
public enum ItemStatus
{
    /// <summary>It was asked and scored.</summary>
    Scored,

    /// <summary>Its prompt does not fit into the model and may not be cut.</summary>
    TooLong,

    /// <summary>The model could not be asked, or the answer not be scored.</summary>
    Failed,
}
