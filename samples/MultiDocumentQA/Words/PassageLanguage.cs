using LongContext.Samples.Shared.Words;

namespace LongContext.Samples.MultiDocumentQA.Words;

/// <summary>
/// Documents in the word model's language: "&lt;c&gt; window river oak lamp …", a title of a sign and a word, then twelve to eighteen words. The question
/// "&lt;repeat&gt; &lt;c&gt; window" asks for the first three of them. Another document is called "&lt;k&gt; window", and others begin with &lt;c&gt;: only both together
/// lead to the answer, as of retrieved documents many are about the question's subject and one answers it.
/// </summary>
internal static class PassageLanguage
{
    public const int AnswerWords = 3, LongestPassage = 20, BesideDocuments = 1 + 3 + AnswerWords + 1; // <s>, question, answer, </s>
    private const int ShortestText = 12, LongestText = LongestPassage - 2, Namesakes = 2;

    /// <summary>Documents with different titles, two with each word; no text holds a title's word.</summary>
    public static Passage[] Draw(WordLanguage language, Random random, int count)
    {
        string[] words = [.. language.Words], signs = [.. WordLanguage.Signs];
        random.Shuffle(words);
        int titles = (count + Namesakes - 1) / Namesakes;
        var passages = new Passage[count];
        for (int i = 0; i < count; i++)
        {
            if (i % Namesakes == 0) random.Shuffle(signs);
            string[] text = random.GetItems<string>(words.AsSpan(titles), random.Next(ShortestText, LongestText + 1));
            passages[i] = new Passage(signs[i % Namesakes], words[i / Namesakes], string.Join(' ', text), string.Join(' ', text.Take(AnswerWords)));
        }

        random.Shuffle(passages);
        return passages;
    }

    public static string Question(Passage passage) => $"{WordLanguage.AskSign} {passage.Title}";
}
