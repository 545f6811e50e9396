using LongContext.Packing;

namespace LongContext.Samples.Shared.Words;

/// <summary>
/// Rows of words followed by the same row from some place on: the plainest form of "what came after this before?". Interpolated positions
/// take that skill apart; few candidates in short rows bring it back fastest.
/// </summary>
internal static class CopyRows
{
    public static TokenSequence Make(WordLanguage language, Random random, int length)
    {
        string[] words = [.. Enumerable.Range(0, (length - 1) / 2).Select(_ => language.Words[random.Next(language.Words.Count)])];
        int from = random.Next(0, Math.Max(1, words.Length / 2)), copied = length - 1 - words.Length;
        int[] tokens = language.Tokenizer.Encode($"<s> {string.Join(' ', words)} {string.Join(' ', Enumerable.Range(from, copied).Select(i => words[i % words.Length]))}", addSpecialTokens: false);
        bool[] mask = [.. Enumerable.Range(0, tokens.Length).Select(i => i > 1 + words.Length)]; // the copy's first word cannot be known
        return new TokenSequence(tokens, mask);
    }
}
