using System.Globalization;
using LongContext.Data.Examples;

namespace LongContext.Data.Making;

/// <summary>Asks for a summary of a chapter of a book.</summary>
/// <remarks>
/// The data are those of Kryściński et al. 2021, "BookSum" (arXiv 2105.08209), which has up to several summaries of a chapter; the form is that of
/// Together, "Preparing for the era of 32K context" (2023).
/// </remarks>
public sealed class ChapterSummaryMaker
{
    private readonly ChapterSummaryOptions options;

    /// <summary>Makes a maker.</summary>
    /// <param name="options">The prompt, and which summaries. Default: Together's, all.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public ChapterSummaryMaker(ChapterSummaryOptions? options = null)
    {
        this.options = options ?? new ChapterSummaryOptions();
        this.options.Validate();
    }

    internal string Identity => Settings.Text("chapters", options.Seed, options.Template, options.BeforeSummary, options.Choice);

    /// <summary>Makes the examples of a chapter.</summary>
    /// <param name="chapter">The chapter with its summaries.</param>
    /// <param name="number">The chapter's number; with the seed it decides which summary is drawn, if one is.</param>
    /// <returns>One example, or one for each summary. Properties: summary (its number from 0), and book where it is known.</returns>
    /// <exception cref="ArgumentException">The chapter has no summary.</exception>
    public IReadOnlyList<PromptExample> Make(ChapterSummaries chapter, long number)
    {
        ArgumentNullException.ThrowIfNull(chapter);
        int count = chapter.Summaries.Count;
        if (count == 0) throw new ArgumentException($"{chapter.Origin?.ToString() ?? "A chapter"}: there is no summary.", nameof(chapter));
        SplitMix64 random = new(options.Seed, number);
        int drawn = random.NextInt(count);
        return options.Choice switch
        {
            SummaryChoice.All => [.. Enumerable.Range(0, count).Select(Example)],
            SummaryChoice.First => [Example(0)],
            _ => [Example(drawn)],
        };

        PromptExample Example(int index)
        {
            Dictionary<string, string> properties = new() { ["summary"] = index.ToString(CultureInfo.InvariantCulture) };
            if (chapter.BookId is { } book) properties["book"] = book;
            return new PromptExample(PromptTemplate.Fill(options.Template, chapter.Chapter), options.BeforeSummary + chapter.Summaries[index]) { Origin = chapter.Origin, Properties = properties };
        }
    }
}
