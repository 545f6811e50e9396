namespace LongContext.Training.Guarding;

/// <summary>A step's loss was far above the last ones, and the options say to stop. The weights are those of the step before.</summary>
public sealed class LossSpikeException : Exception
{
    /// <summary>For step <paramref name="step"/>.</summary>
    /// <param name="step">The step, counted from 1.</param>
    /// <param name="loss">Its loss in nats.</param>
    /// <param name="limit">The loss up to which it would have been taken.</param>
    /// <param name="detail">A sentence to add, for example why the step was not skipped; null for none.</param>
    public LossSpikeException(int step, double loss, double limit, string? detail = null)
        : base($"The loss of step {step} is {loss:G6}, above {limit:G6}, the limit that the losses before it set (TrainerOptions.Guard). "
            + $"The step was not applied: the weights are those of step {step - 1}.{(detail is null ? null : " " + detail)}")
    {
        Step = step;
        Loss = loss;
        Limit = limit;
    }

    /// <summary>The step, counted from 1.</summary>
    public int Step { get; }

    /// <summary>Its loss in nats.</summary>
    public double Loss { get; }

    /// <summary>The loss up to which it would have been taken.</summary>
    public double Limit { get; }
}
