namespace LongContext.Training;

/// <summary>
/// A step's loss or gradient was NaN or infinite. The weights are those of the step before; only where
/// <see cref="TrainerOptions.AppliesGradientsByLayer"/> is set, and it was a gradient, layers above have changed already.
/// </summary>
public sealed class NonFiniteLossException : Exception
{
    private readonly string quantity;
    private readonly double value;
    private readonly string? detail;

    /// <summary>For step <paramref name="step"/>.</summary>
    /// <param name="step">The step, counted from 1.</param>
    /// <param name="quantity">What was not finite: <c>loss</c> or <c>gradient norm</c>.</param>
    /// <param name="value">Its value.</param>
    public NonFiniteLossException(int step, string quantity, double value)
        : this(step, quantity, value, detail: null)
    {
    }

    internal NonFiniteLossException(int step, string quantity, double value, string? detail, bool isPartlyApplied = false)
        : base($"The {quantity} of step {step} is {value}. "
            + (isPartlyApplied
                ? "The step is partly applied, as gradients are applied layer by layer: go back to a checkpoint. "
                : $"The step was not applied: the weights are those of step {step - 1}. ")
            + (detail is null ? null : detail + " ") + "A lower learning rate, a longer warm-up or a look at that step's data may help.")
    {
        Step = step;
        IsPartlyApplied = isPartlyApplied;
        (this.quantity, this.value, this.detail) = (quantity, value, detail);
    }

    /// <summary>The step, counted from 1.</summary>
    public int Step { get; }

    /// <summary>Whether some layers have the step's change already, so that the weights are no step's.</summary>
    public bool IsPartlyApplied { get; }

    /// <summary>The same of a step that is partly applied.</summary>
    internal NonFiniteLossException PartlyApplied() => new(Step, quantity, value, detail, isPartlyApplied: true);
}
