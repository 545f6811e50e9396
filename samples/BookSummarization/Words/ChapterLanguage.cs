using LongContext.Samples.Shared.Words;

namespace LongContext.Samples.BookSummarization.Words;

/// <summary>
/// Chapters in the word model's language. Paragraphs are numbered by the signs &lt;a&gt; to &lt;p&gt;; each opens with its key sentence, which ends in
/// &lt;last&gt; (the final one in 1), and goes on with words that say nothing: "&lt;a&gt; river oak lamp &lt;last&gt; boots tin … &lt;b&gt; …". The summary is the key sentences in
/// order, and "&lt;repeat&gt;" asks for it.
/// </summary>
internal static class ChapterLanguage
{
    public const string Ask = WordLanguage.AskSign, FinalSign = "1";
    public const int MostSummaryTokens = 16 * (LongestSentence + 2);
    private const int LongestSentence = 8, ShortestSentence = 4, BesideText = 3; // <s>, the sign that asks, </s>

    /// <summary>A chapter that has, with its summary, so many tokens.</summary>
    public static Chapter Draw(WordLanguage language, Random random, int tokens)
    {
        int most = Math.Clamp(tokens / 32, 2, WordLanguage.Signs.Count), paragraphs = random.Next(Math.Max(2, most / 2), most + 1);
        string[][] sentences = [.. Enumerable.Range(0, paragraphs).Select(_ => Words(random.Next(ShortestSentence, (tokens < 128 ? ShortestSentence : LongestSentence) + 1)))];
        int summaryTokens = sentences.Sum(sentence => sentence.Length + 2);
        int[] rests = Split(tokens - BesideText - (2 * summaryTokens), paragraphs, random);
        string[] openings = [.. sentences.Select((sentence, i) => $"{WordLanguage.Signs[i]} {string.Join(' ', sentence)} {(i + 1 < paragraphs ? WordLanguage.EndSign : FinalSign)}")];
        return new Chapter(string.Join(' ', openings.Select((opening, i) => $"{opening} {string.Join(' ', Words(rests[i]))}")), string.Join(' ', openings));

        string[] Words(int count) => [.. Enumerable.Range(0, count).Select(_ => language.Words[random.Next(language.Words.Count)])];
    }

    /// <summary>So many words in paragraphs of different lengths, none without a word.</summary>
    private static int[] Split(int words, int paragraphs, Random random)
    {
        double[] shares = [.. Enumerable.Range(0, paragraphs).Select(_ => 0.3 + random.NextDouble())];
        int[] rests = [.. shares.Select(share => Math.Max(1, (int)(share / shares.Sum() * words)))];
        rests[^1] += words - rests.Sum();
        return rests;
    }
}
