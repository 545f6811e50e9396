namespace LongContext.Evaluation.Runs;

/// <summary>One model's share of the progress.</summary>
internal sealed class ModelProgress(ProgressTracker tracker, int model)
{
    /// <summary>A task's items have all been made.</summary>
    public void Counted(int task, int items) => tracker.Counted(task, items);

    /// <summary>An item is being asked.</summary>
    public void Began() => tracker.Began(model);

    public void Completed(int task, bool isFailed, bool isResumed) => tracker.Completed(model, task, isFailed, isResumed);
}
