namespace LongContext.Evaluation;

/// <summary>What a model reached in a task.</summary>
/// <param name="Task">The task's name.</param>
/// <param name="LowerIsBetter">Whether a lower score is the better one.</param>
/// <param name="Mean">Mean over all items, those too long, failed or not asked as 0; where a lower score is better over those with a score. Null where no item has a score: nothing was measured.</param>
/// <param name="ByLength">The same for each length that items were made for and at which one has a score, ascending; empty where they have none.</param>
public sealed record QuantizationTaskFigures(string Task, bool LowerIsBetter, double? Mean, IReadOnlyList<LengthMean> ByLength)
{
    /// <summary>Items. Default 0: not known.</summary>
    public int Items { get; init; }

    /// <summary>Items without a score: they did not fit into the model's window, failed, were not asked, or could not be made or judged. Default 0.</summary>
    public int Unscored { get; init; }
}
