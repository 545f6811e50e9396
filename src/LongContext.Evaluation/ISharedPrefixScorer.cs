namespace LongContext.Evaluation;

/// <summary>A scorer that reads a text once for several continuations of it.</summary>
public interface ISharedPrefixScorer : ITokenScorer
{
    /// <summary>Natural logarithms of the probabilities of continuations, each token given the text and the tokens before it in its continuation.</summary>
    /// <param name="prefix">The text that all continuations follow: at least 1 token, special ones included as the model expects them.</param>
    /// <param name="continuations">At least 1, each of at least 1 token.</param>
    /// <param name="cancellationToken">Ends the computation.</param>
    /// <returns>For each continuation one value, at most 0, for each of its tokens: what scoring text and continuation together gives, to rounding.</returns>
    /// <exception cref="ArgumentException">No token where one is needed, or one outside the vocabulary.</exception>
    /// <exception cref="PromptTooLongException">Text and continuation do not fit into the model.</exception>
    ValueTask<IReadOnlyList<IReadOnlyList<float>>> LogProbabilitiesAsync(
        ReadOnlyMemory<int> prefix, IReadOnlyList<ReadOnlyMemory<int>> continuations, CancellationToken cancellationToken = default);
}
