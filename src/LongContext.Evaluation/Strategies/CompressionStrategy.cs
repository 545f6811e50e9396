using LongContext.Evaluation.Strategies.Compression;

namespace LongContext.Evaluation.Strategies;

/// <summary>Gives the model a context that was made shorter, word by word or sentence by sentence, in place of the whole.</summary>
/// <remarks>
/// A context that is within the budget is left as it is, and so is a prompt without a context. Where a compressor keeps more than the budget allows, the end of what it
/// gave is cut off.
/// </remarks>
public sealed class CompressionStrategy : IContextStrategy
{
    private readonly IContextCompressor compressor;
    private readonly ContextBudget budget;

    /// <summary>A strategy.</summary>
    /// <param name="compressor">What makes it shorter.</param>
    /// <param name="budget">How much is kept. Default: half of the tokens.</param>
    public CompressionStrategy(IContextCompressor compressor, ContextBudget? budget = null)
    {
        ArgumentNullException.ThrowIfNull(compressor);
        this.compressor = compressor;
        this.budget = budget ?? ContextBudget.OfShare(0.5);
    }

    /// <summary>Such as "compression perplexity words 25% of tokens".</summary>
    public string Name => $"compression {compressor.Name}{StrategyNames.Suffix(budget)}";

    /// <inheritdoc />
    public string Identity => $"compression, budget {budget}, {compressor.Identity}";

    /// <inheritdoc />
    /// <exception cref="PromptTooLongException">Not even the question alone fits.</exception>
    public async ValueTask<PreparedPrompt> PrepareAsync(EvaluationPrompt prompt, StrategyContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(context);
        cancellationToken.ThrowIfCancellationRequested();
        if (prompt.Context.Length == 0) return new PreparedPrompt(prompt);
        ContextRoom room = new(prompt, context, budget);
        if (room.Fits(prompt.Context)) return room.With(prompt.Context);
        CompressedContext compressed = await compressor.CompressAsync(
            new CompressionRequest { Context = prompt.Context, Query = prompt.Query ?? prompt.After, MaximumTokens = room.Limit!.Value, Fits = room.Fits, Session = context.Session },
            cancellationToken).ConfigureAwait(false);
        return room.With(room.Cut(compressed.Text, TruncatedPart.End), compressed.Details, compressed.Cost);
    }
}
