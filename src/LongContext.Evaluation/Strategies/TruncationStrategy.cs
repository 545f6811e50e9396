namespace LongContext.Evaluation.Strategies;

/// <summary>Cuts the context until it fits a budget; one that fits is left as it is, and so is a prompt without a context.</summary>
/// <remarks>
/// The context alone is cut, between tokens as the text is written, and never inside a character; what stands around it is kept. That is not what
/// LongBench's scripts do with the whole prompt: <see cref="PromptTruncation.Middle"/> is.
/// </remarks>
public sealed class TruncationStrategy : IContextStrategy
{
    private readonly TruncatedPart part;
    private readonly ContextBudget budget;

    /// <summary>A strategy.</summary>
    /// <param name="part">What is given up. Default: the middle, which LongBench found to cost the least.</param>
    /// <param name="budget">How much is kept. Default: what fits into the model.</param>
    /// <exception cref="ArgumentOutOfRangeException">An unknown part.</exception>
    public TruncationStrategy(TruncatedPart part = TruncatedPart.Middle, ContextBudget? budget = null)
    {
        if (!Enum.IsDefined(part)) throw new ArgumentOutOfRangeException(nameof(part), part, "Expected End, Middle or Start.");
        this.part = part;
        this.budget = budget ?? ContextBudget.Window;
    }

    /// <summary>Such as "truncation end" or "truncation middle 4096 tokens".</summary>
    public string Name => $"truncation {part.ToString().ToLowerInvariant()}{StrategyNames.Suffix(budget)}";

    /// <inheritdoc />
    public string Identity => $"truncation {part}, budget {budget}";

    /// <inheritdoc />
    /// <exception cref="PromptTooLongException">Not even the question alone fits.</exception>
    public ValueTask<PreparedPrompt> PrepareAsync(EvaluationPrompt prompt, StrategyContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(context);
        cancellationToken.ThrowIfCancellationRequested();
        if (prompt.Context.Length == 0) return ValueTask.FromResult(new PreparedPrompt(prompt));
        ContextRoom room = new(prompt, context, budget);
        return ValueTask.FromResult(room.With(room.Cut(prompt.Context, part)));
    }
}
