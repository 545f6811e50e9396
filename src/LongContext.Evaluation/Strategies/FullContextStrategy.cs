namespace LongContext.Evaluation.Strategies;

/// <summary>All of the context, cut only where the task's own truncation cuts it.</summary>
public sealed class FullContextStrategy : IContextStrategy
{
    /// <summary>Its name, "full context", for example as the baseline of <see cref="StrategyComparison.Of"/>.</summary>
    public const string StrategyName = "full context";

    /// <inheritdoc />
    public string Name => StrategyName;

    /// <inheritdoc />
    public string Identity => StrategyName;

    /// <inheritdoc />
    public ValueTask<PreparedPrompt> PrepareAsync(EvaluationPrompt prompt, StrategyContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return ValueTask.FromResult(new PreparedPrompt(prompt));
    }
}
