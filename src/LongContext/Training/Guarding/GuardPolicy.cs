namespace LongContext.Training.Guarding;

/// <summary>Decides what becomes of a step, from its loss and gradient and what came before. Pure.</summary>
internal static class GuardPolicy
{
    /// <summary>The verdict on a step whose gradient is there but not applied.</summary>
    /// <param name="options">What to do about what.</param>
    /// <param name="state">The state before the step.</param>
    /// <param name="step">The step, counted from 1.</param>
    /// <param name="loss">Its loss.</param>
    /// <param name="gradientNorm">Norm of its gradient; not looked at where the loss is not finite.</param>
    public static GuardVerdict Decide(TrainingGuardOptions options, GuardState state, int step, double loss, double gradientNorm)
    {
        if (!double.IsFinite(loss)) return NotFinite(options, state, step, "loss", loss);
        if (!double.IsFinite(gradientNorm)) return NotFinite(options, state, step, "gradient norm", gradientNorm);
        if (options.Spike == GuardAction.Ignore) return new GuardVerdict(StepOutcome.Applied, null, state with { SkipsInARow = 0, Losses = [] });

        GuardState applied = state with { SkipsInARow = 0, Losses = SpikeDetector.Push(state.Losses, loss, options.SpikeWindow) };
        if (SpikeDetector.Limit(state.Losses, options) is not { } limit || loss <= limit) return new GuardVerdict(StepOutcome.Applied, null, applied);
        string reason = $"the loss {loss:G6} is a spike: above {limit:G6}, the limit after the last {state.Losses.Count} steps";
        return options.Spike == GuardAction.Warn
            ? new GuardVerdict(StepOutcome.Applied, reason, applied)
            : Act(options, options.Spike, state, reason, detail => new LossSpikeException(step, loss, limit, detail));
    }

    private static GuardVerdict NotFinite(TrainingGuardOptions options, GuardState state, int step, string quantity, double value) =>
        Act(options, options.NonFinite, state, $"the {quantity} is {value}", detail => new NonFiniteLossException(step, quantity, value, detail));

    private static GuardVerdict Act(TrainingGuardOptions options, GuardAction action, GuardState state, string reason, Func<string?, Exception> fault)
    {
        switch (action)
        {
            case GuardAction.SkipStep when state.SkipsInARow < options.MaximumSkipsInARow:
                return new GuardVerdict(StepOutcome.Skipped, reason, state with { SkippedSteps = state.SkippedSteps + 1, SkipsInARow = state.SkipsInARow + 1 });
            case GuardAction.RollBack when state.RollBacks < options.MaximumRollBacks:
                return new GuardVerdict(StepOutcome.RolledBack, reason, state with { RollBacks = state.RollBacks + 1 });
        }

        string? detail = action switch
        {
            GuardAction.SkipStep => $"The {state.SkipsInARow} steps before it were skipped already, the most in a row (MaximumSkipsInARow).",
            GuardAction.RollBack => $"The run went back {state.RollBacks} times already, the most (MaximumRollBacks).",
            _ => null,
        };
        return new GuardVerdict(StepOutcome.Skipped, reason, state, fault(detail));
    }
}
