namespace LongContext.Evaluation;

/// <summary>What became of an item.</summary>
public enum ItemStatus
{
    /// <summary>It was asked and scored.</summary>
    Scored,

    /// <summary>Its prompt does not fit into the model and may not be cut.</summary>
    TooLong,

    /// <summary>The model could not be asked, its answer was held back by a filter, or the answer could not be scored.</summary>
    Failed,

    /// <summary>It could not be made, as where the question alone is longer than the length: one result stands for all such items of a length or a task, of which <see cref="TaskSummary.NotMade"/> is the number.</summary>
    NotMade,

    /// <summary>The model answered, but no judge rated the answer: which is no fault of the model's.</summary>
    NotJudged,
}
