using LongContext.Evaluation.Metrics;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Samples.Shared.Words;

namespace LongContext.Samples.BookSummarization.Words;

/// <summary>Asks a model for summaries of chapters that no training saw, of each length.</summary>
internal sealed class ChapterStudy(WordLanguage language, IReadOnlyList<int> lengths, int chapters)
{
    private const int FirstSeed = 1_000_000_000;

    /// <summary>ROUGE of a model's summaries, a list for each length.</summary>
    /// <param name="model">The model.</param>
    /// <param name="window">Tokens to cut the chapter to; null for all of it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public List<RougeScores>[] Measure(CausalLanguageModel model, int? window, CancellationToken cancellationToken) =>
        Score(chapter => Summarise(model, chapter, window, cancellationToken));

    /// <summary>As many words from the chapter's beginning as the right summary has.</summary>
    public List<RougeScores>[] MeasureLead() => Score(chapter =>
        string.Join(' ', WordLanguage.PlainWords(chapter.Text).Split(' ').Take(WordLanguage.PlainWords(chapter.Summary).Split(' ').Length)));

    public string Summarise(CausalLanguageModel model, Chapter chapter, int? window, CancellationToken cancellationToken)
    {
        string[] text = chapter.Text.Split(' ');
        int room = window is { } tokens ? tokens - 2 : text.Length;
        int[] prompt = language.Tokenizer.Encode($"{string.Join(' ', text.Take(room))} {ChapterLanguage.Ask}");
        int[] made = new TextGenerator(model).Generate(prompt, new GenerationOptions { MaximumNewTokens = ChapterLanguage.MostSummaryTokens }, cancellationToken);
        return language.Tokenizer.Decode(made);
    }

    public Chapter Chapter(int length, int number) => ChapterLanguage.Draw(language, new Random(FirstSeed + (length * 1000) + number), length);

    private List<RougeScores>[] Score(Func<Chapter, string> summarise) =>
        [.. lengths.Select(length => Enumerable.Range(0, chapters).Select(number =>
        {
            Chapter chapter = Chapter(length, number);
            return GoogleRouge.Score(WordLanguage.PlainWords(summarise(chapter)), WordLanguage.PlainWords(chapter.Summary));
        }).ToList())];
}
