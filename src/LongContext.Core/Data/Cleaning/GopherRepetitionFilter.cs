using System.Globalization;
using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>Gopher's rules against repetition (Rae et al. 2021, appendix A.1.1 and table A1).</summary>
/// <remarks>
/// The published rules leave open how repeated ones are counted. Of lines, paragraphs and duplicate n-grams the second and later ones count here, as in datatrove
/// (RedPajama takes the first n-gram too), of the most frequent n-gram all. Characters of n-grams that overlap count once. Shares are of the characters of all words,
/// lines or paragraphs, without the white space about them (datatrove: of all characters). Words stand between white space, their punctuation included; in scripts
/// without spaces every letter is one.
/// </remarks>
public sealed class GopherRepetitionFilter : IExampleFilter
{
    private readonly GopherRepetitionOptions options;

    /// <summary>Makes a filter.</summary>
    /// <param name="options">The thresholds; null for the published ones.</param>
    /// <exception cref="ArgumentException">A threshold cannot be used; the message names all that cannot.</exception>
    public GopherRepetitionFilter(GopherRepetitionOptions? options = null)
    {
        this.options = options ??= new GopherRepetitionOptions();
        options.Validate();
    }

    /// <inheritdoc/>
    public string Identity => FilterRules.Identity(
        "Gopher repetition",
        [
            ("lines", options.DuplicateLines),
            ("paragraphs", options.DuplicateParagraphs),
            ("line characters", options.DuplicateLineCharacters),
            ("paragraph characters", options.DuplicateParagraphCharacters),
            .. options.TopNGrams.OrderBy(pair => pair.Key).Select(pair => (string.Create(CultureInfo.InvariantCulture, $"top {pair.Key}"), (double?)pair.Value)),
            .. options.DuplicateNGrams.OrderBy(pair => pair.Key).Select(pair => (string.Create(CultureInfo.InvariantCulture, $"duplicate {pair.Key}"), (double?)pair.Value)),
        ]);

    /// <inheritdoc/>
    public FilterFault? Examine(TrainingExample example)
    {
        ArgumentNullException.ThrowIfNull(example);
        string text = ExampleTexts.Of(example);
        (double lines, double lineCharacters) = Repeated(TextLines.NotBlank(text));
        (double paragraphs, double paragraphCharacters) = Repeated(TextLines.Paragraphs(text));
        FilterFault? fault = FilterRules.AtMost("duplicate lines", lines, options.DuplicateLines)
            ?? FilterRules.AtMost("duplicate paragraphs", paragraphs, options.DuplicateParagraphs)
            ?? FilterRules.AtMost("characters in duplicate lines", lineCharacters, options.DuplicateLineCharacters)
            ?? FilterRules.AtMost("characters in duplicate paragraphs", paragraphCharacters, options.DuplicateParagraphCharacters);
        if (fault is not null) return fault;
        NGramRepetition grams = new(new RawWords(text));
        foreach ((int n, double most) in options.TopNGrams.OrderBy(pair => pair.Key))
        {
            if (FilterRules.AtMost(string.Create(CultureInfo.InvariantCulture, $"characters in the top {n}-gram"), grams.Top(n), most) is { } top) return top;
        }

        foreach ((int n, double most) in options.DuplicateNGrams.OrderBy(pair => pair.Key))
        {
            if (FilterRules.AtMost(string.Create(CultureInfo.InvariantCulture, $"characters in duplicate {n}-grams"), grams.Duplicate(n), most) is { } duplicate) return duplicate;
        }

        return null;
    }

    /// <summary>Shares of the pieces, and of their characters, that stood before.</summary>
    private static (double Pieces, double Characters) Repeated(string[] pieces)
    {
        HashSet<string> seen = [];
        int repeated = 0;
        long characters = 0, all = 0;
        foreach (string piece in pieces)
        {
            all += piece.Length;
            if (seen.Add(piece)) continue;
            repeated++;
            characters += piece.Length;
        }

        return (FilterRules.Share(repeated, pieces.Length), FilterRules.Share(characters, all));
    }
}
