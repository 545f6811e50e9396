namespace LongContext.Evaluation.Strategies;

/// <summary>All of the context, cut only where the task's own truncation cuts it.</summary>
public sealed class FullContextStrategy : IContextStrategy
{
    /// <inheritdoc />
    public string Name => "full context";

    /// <inheritdoc />
    public string Identity => "full context";

    /// <inheritdoc />
    public ValueTask<PreparedPrompt> PrepareAsync(EvaluationPrompt prompt, StrategyContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return ValueTask.FromResult(new PreparedPrompt(prompt));
    }
}
