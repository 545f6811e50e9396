using LongContext.Packing;

namespace LongContext.Samples.Shared.Words;

/// <summary>
/// Training data that goes from short to long. After interpolation neighbours lie eight times closer: telling them apart is learned again
/// fastest where there are few, so rows to copy and short documents come first.
/// </summary>
internal static class WordCurriculum
{
    /// <summary>Sequences in the order in which they are to be learned from.</summary>
    /// <param name="language">The words.</param>
    /// <param name="stages">What comes after what.</param>
    /// <param name="tokens">Tokens of all stages.</param>
    /// <param name="seed">Decides all.</param>
    /// <param name="conversation">Makes a sequence of about so many tokens, and no more.</param>
    public static List<TokenSequence> Make(WordLanguage language, IReadOnlyList<WordStage> stages, long tokens, int seed, Func<Random, int, TokenSequence> conversation)
    {
        var random = new Random(seed);
        var sequences = new List<TokenSequence>();
        foreach (WordStage stage in stages)
        {
            for (long left = (long)(stage.Share * tokens); left > 0; left -= sequences[^1].Length)
            {
                int length = stage.Lengths[random.Next(stage.Lengths.Count)];
                sequences.Add(random.NextDouble() < stage.Copies ? CopyRows.Make(language, random, length) : conversation(random, length));
            }
        }

        return sequences;
    }
}
