namespace LongContext.Training;

/// <summary>How a run stands after a step.</summary>
public sealed record TrainingProgress
{
    /// <summary>Steps done.</summary>
    public required int Step { get; init; }

    /// <summary>Steps of the whole run; 0 where it goes on until its data ends.</summary>
    public required int TotalSteps { get; init; }

    /// <summary>The step's loss: Σ weight · cross-entropy over its packs, divided once by the step's normaliser, in nats.</summary>
    public required double Loss { get; init; }

    /// <summary>Norm of the gradient before clipping.</summary>
    public required double GradientNorm { get; init; }

    /// <summary>The learning rate that the step used.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Tokens of the step, targets or not.</summary>
    public required long StepTokens { get; init; }

    /// <summary>Tokens since this call to train began.</summary>
    public required long Tokens { get; init; }

    /// <summary>Tokens per second since this call to train began.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>Time since this call to train began.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Estimated time to the last step, at the rate so far; zero where the run goes on until its data ends.</summary>
    public required TimeSpan Remaining { get; init; }

    /// <summary>The process's memory in use, in bytes (resident set).</summary>
    public required long MemoryBytes { get; init; }
}
