using LongContext.Evaluation.Metrics;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Samples.Shared.Words;

namespace LongContext.Samples.BookSummarization.Words;

/// <summary>Asks for summaries of chapters that no training saw, of each length, and scores them. Signs are no part of what is compared.</summary>
internal sealed class ChapterStudy(WordLanguage language, IReadOnlyList<int> lengths, int chapters)
{
    private const int FirstSeed = 1_000_000_000, SpareTokens = 8;

    /// <summary>The chapter with a number, of a length in tokens.</summary>
    public Chapter Chapter(int length, int number) => ChapterLanguage.Draw(language, new Random(FirstSeed + (length * 1000) + number), length);

    /// <summary>The scores of a model's summaries, a list for each length.</summary>
    /// <param name="model">The model.</param>
    /// <param name="window">Tokens to cut the chapter to before it is asked about; null for all of it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public List<RougeScores>[] Measure(CausalLanguageModel model, int? window, CancellationToken cancellationToken) =>
        Score(chapter => Summarise(model, window is { } tokens ? chapter.CutTo(tokens) : chapter, cancellationToken));

    /// <summary>The scores of as many words from the chapter's beginning as the right summary has.</summary>
    public List<RougeScores>[] MeasureLead() => Score(chapter =>
        string.Join(' ', WordLanguage.PlainWords(chapter.Text).Split(' ').Take(WordLanguage.PlainWords(chapter.Summary).Split(' ').Length)));

    /// <summary>What a model says to a chapter, until it ends or is eight tokens longer than the right summary: models that were not tuned never end.</summary>
    public string Summarise(CausalLanguageModel model, Chapter chapter, CancellationToken cancellationToken) => language.Tokenizer.Decode(new TextGenerator(model).Generate(
        language.Tokenizer.Encode($"{chapter.Text} {ChapterLanguage.Ask}"), new GenerationOptions { MaximumNewTokens = chapter.Paragraphs.Sum(paragraph => paragraph.OpeningTokens) + SpareTokens }, cancellationToken));

    private List<RougeScores>[] Score(Func<Chapter, string> summarise) =>
        [.. lengths.Select(length => Enumerable.Range(0, chapters).Select(number =>
        {
            Chapter chapter = Chapter(length, number);
            return GoogleRouge.Score(WordLanguage.PlainWords(summarise(chapter)), WordLanguage.PlainWords(chapter.Summary));
        }).ToList())];
}
