using LongContext.Samples.Shared.Words;

namespace LongContext.Samples.MultiDocumentQA.Words;

/// <summary>
/// Documents in the word model's language: "&lt;c&gt; window river oak lamp …", a title of a sign and a word, then twelve to eighteen words. The question
/// "&lt;repeat&gt; &lt;c&gt; window" asks for the first three of them, which can be found only where the title stands.
/// </summary>
internal static class PassageLanguage
{
    public const int AnswerWords = 3, LongestPassage = 20;
    private const int ShortestText = 12, LongestText = LongestPassage - 2;

    /// <summary>Documents with different titles; no text holds a title's word.</summary>
    public static Passage[] Draw(WordLanguage language, Random random, int count)
    {
        string[] words = [.. language.Words];
        random.Shuffle(words);
        ArraySegment<string> titles = new(words, 0, count), rest = new(words, count, words.Length - count);
        return [.. titles.Select(title =>
        {
            string[] text = random.GetItems<string>(rest, random.Next(ShortestText, LongestText + 1));
            return new Passage($"{WordLanguage.Signs[random.Next(WordLanguage.Signs.Count)]} {title}", string.Join(' ', text), string.Join(' ', text.Take(AnswerWords)));
        })];
    }

    public static string Question(Passage passage) => $"{WordLanguage.AskSign} {passage.Title}";
}
