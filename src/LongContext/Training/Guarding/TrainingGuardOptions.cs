namespace LongContext.Training.Guarding;

/// <summary>What is done about steps whose loss or gradient is not finite, and about losses far above the last ones.</summary>
/// <remarks>
/// A loss is a spike when it is above median + <see cref="SpikeThreshold"/> · 1.4826 · MAD of the last losses of applied steps, and by
/// at least <see cref="SpikeMinimumRise"/> above their median. MAD is the median distance from the median; 1.4826 · MAD estimates the
/// standard deviation where losses are normal, and a spike among the last losses does not widen it as it would a standard deviation.
/// Going back to a checkpoint and on with other data is how PaLM's spikes were met (arXiv:2204.02311, section 5.1).
/// </remarks>
public sealed class TrainingGuardOptions
{
    /// <summary>For a loss or gradient norm that is NaN or infinite: <see cref="GuardAction.Stop"/> (the default), SkipStep or RollBack. Such a step is never applied.</summary>
    public GuardAction NonFinite { get; init; } = GuardAction.Stop;

    /// <summary>For a loss spike. Default <see cref="GuardAction.Ignore"/>.</summary>
    public GuardAction Spike { get; init; } = GuardAction.Ignore;

    /// <summary>Losses of applied steps that a spike is judged by. Default 128; at least 4.</summary>
    public int SpikeWindow { get; init; } = 128;

    /// <summary>Losses that must be there before one is judged. Default 32; from 4 to <see cref="SpikeWindow"/>.</summary>
    public int SpikeWarmupSteps { get; init; } = 32;

    /// <summary>k: estimated standard deviations above the median. Default 6; positive.</summary>
    public double SpikeThreshold { get; init; } = 6;

    /// <summary>Nats above the median that a spike must reach besides, for losses that hardly vary. Default 0.1; not negative.</summary>
    public double SpikeMinimumRise { get; init; } = 0.1;

    /// <summary>Steps in a row that may be skipped; the next one ends the run. Default 5; at least 1.</summary>
    public int MaximumSkipsInARow { get; init; } = 5;

    /// <summary>Times that the run may go back; the next one ends it. Default 5; at least 1.</summary>
    public int MaximumRollBacks { get; init; } = 5;

    /// <summary>Whether a checkpoint to go back to is needed.</summary>
    internal bool RollsBack => NonFinite == GuardAction.RollBack || Spike == GuardAction.RollBack;

    internal IEnumerable<string> Faults()
    {
        if (NonFinite is not (GuardAction.Stop or GuardAction.SkipStep or GuardAction.RollBack))
            yield return $"Guard.NonFinite must be Stop, SkipStep or RollBack, but is {NonFinite}";
        if (!Enum.IsDefined(Spike)) yield return $"Guard.Spike must be one of {nameof(GuardAction)}, but is {Spike}";
        if (SpikeWindow < 4) yield return $"Guard.SpikeWindow must be at least 4, but is {SpikeWindow}";
        if (SpikeWarmupSteps < 4 || SpikeWarmupSteps > Math.Max(4, SpikeWindow))
            yield return $"Guard.SpikeWarmupSteps must be from 4 to SpikeWindow ({SpikeWindow}), but is {SpikeWarmupSteps}";
        if (!(SpikeThreshold > 0 && double.IsFinite(SpikeThreshold))) yield return $"Guard.SpikeThreshold must be positive, but is {SpikeThreshold}";
        if (!(SpikeMinimumRise >= 0 && double.IsFinite(SpikeMinimumRise))) yield return $"Guard.SpikeMinimumRise must not be negative, but is {SpikeMinimumRise}";
        if (MaximumSkipsInARow < 1) yield return $"Guard.MaximumSkipsInARow must be at least 1, but is {MaximumSkipsInARow}";
        if (MaximumRollBacks < 1) yield return $"Guard.MaximumRollBacks must be at least 1, but is {MaximumRollBacks}";
    }
}
