using Microsoft.ML.Tokenizers;

namespace LongContext.Data.Making;

/// <summary>As much of a haystack as fits into a number of tokens, with things hidden in it.</summary>
/// <param name="Text">The text.</param>
/// <param name="Tokens">Tokens of the prompt that it was measured in.</param>
internal sealed record HaystackFit(string Text, int Tokens)
{
    // A sixteenth of the text says well how much of it fits, and costs little beside what is counted anyway.
    private const int SampleShare = 16;

    /// <summary>Finds it.</summary>
    /// <param name="text">The haystack.</param>
    /// <param name="tokenizer">Counts.</param>
    /// <param name="length">Tokens of the whole: the prompt and what is kept free.</param>
    /// <param name="reserved">Tokens that are kept free.</param>
    /// <param name="tolerance">Share of the length that may be left; 0 for as many whole pieces as fit.</param>
    /// <param name="hidden">What is hidden, and how deep.</param>
    /// <param name="prompt">The prompt with the text in it.</param>
    /// <returns>The text, or null where the prompt is too long without any of the haystack.</returns>
    public static HaystackFit? Find(
        HaystackText text, Tokenizer tokenizer, int length, int reserved, double tolerance, IReadOnlyList<(string Text, double Depth)> hidden, Func<string, string> prompt)
    {
        int most = length - reserved, slack = (int)(length * tolerance / 4);
        double guess = text.TokensPerPiece(tokenizer);
        if (tolerance > 0 && (int)(length / (SampleShare * guess)) is > 8 and var sample) guess = text.TokensPerPiece(tokenizer, sample);
        PromptSizer.Sized? sized = PromptSizer.Largest(tokenizer, most, 0, pieces => prompt(text.With(pieces, hidden)), guess, slack);
        if (sized is not { } whole) return null;
        if (tolerance == 0 || most - whole.Tokens <= (int)(length * tolerance)) return new HaystackFit(text.With(whole.Words, hidden), whole.Tokens);

        PromptSizer.Sized filled = PromptSizer.Largest(tokenizer, most, 0, words => prompt(text.With(whole.Words, hidden, NoiseWords.Take(words))), 1.5, slack)!.Value;
        return new HaystackFit(text.With(whole.Words, hidden, NoiseWords.Take(filled.Words)), filled.Tokens);
    }
}
