namespace LongContext.Training.Guarding;

/// <summary>What the trainer does about a step that looks wrong.</summary>
public enum GuardAction
{
    /// <summary>Nothing.</summary>
    Ignore,

    /// <summary>Applies the step and says so in the log.</summary>
    Warn,

    /// <summary>Ends the run with an exception; the weights are those of the step before (see <see cref="TrainerOptions.AppliesGradientsByLayer"/> for the exception).</summary>
    Stop,

    /// <summary>Leaves the step out: weights and optimizer stay, the schedule goes on, its data is used up.</summary>
    SkipStep,

    /// <summary>
    /// Goes back to the last checkpoint, and on with the data after the step. A run that was stopped in between has one checkpoint more to
    /// go back to, that of the stop, and then repeats fewer steps than an unbroken one.
    /// </summary>
    RollBack,
}
