namespace LongContext.Training;

/// <summary>What came of a step.</summary>
public enum StepOutcome
{
    /// <summary>Its gradient changed the weights.</summary>
    Applied,

    /// <summary>
    /// It was left out: weights and optimizer are as before. It counts as a step all the same: the schedule goes on, and its data is used up.
    /// </summary>
    Skipped,

    /// <summary>Weights, optimizer and step number are a checkpoint's again; the data goes on after the step.</summary>
    RolledBack,
}
