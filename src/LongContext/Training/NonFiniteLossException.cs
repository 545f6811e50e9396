namespace LongContext.Training;

/// <summary>A step's loss or gradient was NaN or infinite. The weights are those of the step before, unless the message says otherwise.</summary>
/// <remarks>With <see cref="TrainerOptions.AppliesGradientsByLayer"/> a gradient can turn out not to be finite when layers above have changed already.</remarks>
public sealed class NonFiniteLossException : Exception
{
    /// <summary>For step <paramref name="step"/>.</summary>
    /// <param name="step">The step, counted from 1.</param>
    /// <param name="quantity">What was not finite: <c>loss</c> or <c>gradient norm</c>.</param>
    /// <param name="value">Its value.</param>
    public NonFiniteLossException(int step, string quantity, double value)
        : this(step, quantity, value, detail: null)
    {
    }

    internal NonFiniteLossException(int step, string quantity, double value, string? detail, bool partlyApplied = false)
        : base($"The {quantity} of step {step} is {value}. "
            + (partlyApplied ? "Layers above had been changed already: the weights are no whole step's, go on from a checkpoint. " : $"The step was not applied: the weights are those of step {step - 1}. ")
            + (detail is null ? null : detail + " ") + "A lower learning rate, a longer warm-up or a look at that step's data may help.")
    {
        Step = step;
    }

    /// <summary>The step, counted from 1.</summary>
    public int Step { get; }
}
