using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation;

/// <summary>
/// Says how likely given text is to a model. A client that can do so gives it out by <c>GetService(typeof(ITokenScorer))</c>.
/// </summary>
public interface ITokenScorer
{
    /// <summary>The model's tokenizer.</summary>
    Tokenizer Tokenizer { get; }

    /// <summary>Tokens that fit at once, or null where there is no limit.</summary>
    int? ContextLength { get; }

    /// <summary>The token that a text begins with, or null where there is none.</summary>
    int? BeginningOfSentenceTokenId { get; }

    /// <summary>
    /// The token that stands before a text whose first token is to be scored too, or null where there is none. Default: <see cref="BeginningOfSentenceTokenId"/>; models
    /// whose texts begin without one have their end-of-sentence token, as lm-evaluation-harness does it.
    /// </summary>
    int? PrefixTokenId => BeginningOfSentenceTokenId;

    /// <summary>Natural logarithms of the probabilities of tokens, each given all tokens before it.</summary>
    /// <param name="tokens">At least 2 tokens, special ones included as the model expects them.</param>
    /// <param name="start">The first token that is scored, at least 1: nothing stands before token 0.</param>
    /// <param name="cancellationToken">Ends the computation.</param>
    /// <returns>One value, at most 0, for each of the tokens from <paramref name="start"/> on.</returns>
    /// <exception cref="ArgumentException">Too few tokens, or one outside the vocabulary.</exception>
    /// <exception cref="PromptTooLongException">More tokens than <see cref="ContextLength"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A start outside 1 to the number of tokens less 1.</exception>
    ValueTask<IReadOnlyList<float>> LogProbabilitiesAsync(ReadOnlyMemory<int> tokens, int start, CancellationToken cancellationToken = default);
}
