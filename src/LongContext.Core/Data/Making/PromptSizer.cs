using Microsoft.ML.Tokenizers;

namespace LongContext.Data.Making;

/// <summary>Finds how many words of text fill a prompt to a number of tokens.</summary>
internal static class PromptSizer
{
    /// <summary>A prompt of some number of words.</summary>
    /// <param name="Words">The number of words.</param>
    /// <param name="Prompt">The prompt with them.</param>
    /// <param name="Tokens">The prompt's length.</param>
    public readonly record struct Sized(int Words, string Prompt, int Tokens);

    /// <summary>The prompt with the most words that has at most <paramref name="tokenCount"/> tokens.</summary>
    /// <param name="tokenizer">Counts.</param>
    /// <param name="tokenCount">The most tokens.</param>
    /// <param name="fewestWords">Where to begin.</param>
    /// <param name="make">The prompt of a number of words; more words make more tokens.</param>
    /// <param name="tokensPerWord">Tokens a word has at a guess, from which the second number of words is found.</param>
    /// <param name="slack">Tokens that may be left: a prompt with so few less than the most will do, so that fewer are counted. 0: as many words as fit.</param>
    /// <returns>The prompt, or null where even the fewest words are too many.</returns>
    public static Sized? Largest(Tokenizer tokenizer, int tokenCount, int fewestWords, Func<int, string> make, double tokensPerWord = 1, int slack = 0)
    {
        Sized fits = Measure(fewestWords);
        if (fits.Tokens > tokenCount) return null;
        Sized? tooLong = null;
        // Counting a long prompt is what costs, so the next number of words is guessed from the tokens a word has had so far;
        // every third guess halves what is open, in case the words are too uneven to guess from.
        for (int round = 1; fits.Tokens < tokenCount - slack && (tooLong is null || tooLong.Value.Words - fits.Words > 1); round++)
        {
            long guess = fits.Words + Math.Max(1, (long)((tokenCount - (slack / 2) - fits.Tokens) / tokensPerWord));
            if (tooLong is { } above) guess = round % 3 == 0 ? (fits.Words + (long)above.Words) / 2 : Math.Min(guess, above.Words - 1);
            if (guess > Math.Min(int.MaxValue, fewestWords + (64L * tokenCount) + 64))
            {
                throw new ArgumentException("The tokenizer counts almost no token for the words of the text.", nameof(tokenizer));
            }

            Sized tried = Measure((int)guess);
            tokensPerWord = Math.Max(1.0 / 64, (double)(tried.Tokens - fits.Tokens) / (tried.Words - fits.Words));
            if (tried.Tokens <= tokenCount) fits = tried;
            else tooLong = tried;
        }

        return fits;

        Sized Measure(int words)
        {
            string prompt = make(words);
            return new(words, prompt, tokenizer.CountTokens(prompt));
        }
    }
}
