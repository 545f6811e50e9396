using LongContext.Samples.Shared.Words;

namespace LongContext.Samples.BookSummarization.Words;

/// <summary>
/// Chapters in the word model's language. Paragraphs are numbered by the signs &lt;a&gt; to &lt;p&gt;; each opens with its key sentence, which ends in the
/// paragraph's number (the final one's in &lt;last&gt;), and goes on with words that say nothing: "&lt;a&gt; river oak lamp tin 1 boots … &lt;b&gt; …". The summary is the key
/// sentences in order, and "&lt;repeat&gt;" asks for it.
/// </summary>
internal static class ChapterLanguage
{
    public const string Ask = WordLanguage.AskSign;
    private const int MostParagraphs = 16, LongestSentence = 8, ShortestSentence = 4, ParagraphTokens = 32, BesideText = 3; // <s>, the sign that asks, </s>

    /// <summary>A chapter that has, with the question and its summary, so many tokens: at least 64.</summary>
    public static Chapter Draw(WordLanguage language, Random random, int tokens)
    {
        int most = Math.Clamp(tokens / ParagraphTokens, 2, MostParagraphs), count = random.Next(Math.Max(2, most / 2), most + 1);
        // In the shortest chapters longer sentences would leave no room for anything else.
        int longest = tokens < 128 ? ShortestSentence : LongestSentence;
        string[] sentences = [.. Enumerable.Range(0, count).Select(_ => Words(random.Next(ShortestSentence, longest + 1)))];
        int summaryTokens = sentences.Sum(sentence => sentence.Split(' ').Length + 2);
        int[] rests = Split(tokens - BesideText - (2 * summaryTokens), count, random);
        return new Chapter([.. sentences.Select((sentence, i) => new Paragraph(i + 1, sentence, Words(rests[i]), i == count - 1))]);

        string Words(int words) => string.Join(' ', Enumerable.Range(0, words).Select(_ => language.Words[random.Next(language.Words.Count)]));
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
