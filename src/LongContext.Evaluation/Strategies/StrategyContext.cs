namespace LongContext.Evaluation.Strategies;

/// <summary>What a strategy knows of the model that will be asked.</summary>
public sealed record StrategyContext
{
    /// <summary>The model and the way to ask others, such as one that ranks passages; such requests are kept like the item's own. Required.</summary>
    public required IModelSession Session { get; init; }

    /// <summary>Tokens that a prompt's text may have, the answer and the template aside, or null where nobody knows.</summary>
    public int? MaximumPromptTokens { get; init; }
}
