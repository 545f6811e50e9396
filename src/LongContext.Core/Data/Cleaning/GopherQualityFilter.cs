using System.Text;
using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>Gopher's rules of quality (Rae et al. 2021, appendix A.1.1) that need no language.</summary>
/// <remarks>
/// The paper does not say what a word is. Here it stands between white space, its punctuation included (as in Dolma); in scripts without spaces every letter is
/// a word, of which the mean length takes no notice; where they are most of the words, nothing is asked of the few others' length (numbers, a Latin name).
/// </remarks>
public sealed class GopherQualityFilter : IExampleFilter
{
    private readonly GopherQualityOptions options;

    /// <summary>Makes a filter.</summary>
    /// <param name="options">The thresholds; null for the published ones.</param>
    /// <exception cref="ArgumentException">A threshold cannot be used; the message names all that cannot.</exception>
    public GopherQualityFilter(GopherQualityOptions? options = null)
    {
        this.options = options ??= new GopherQualityOptions();
        options.Validate();
    }

    /// <inheritdoc/>
    public string Identity => FilterRules.Identity(
        "Gopher quality",
        ("words from", options.MinimumWords),
        ("to", options.MaximumWords),
        ("word length from", options.MinimumMeanWordLength),
        ("to", options.MaximumMeanWordLength),
        ("symbols", options.MaximumSymbolsPerWord),
        ("bullets", options.MaximumBulletLines),
        ("ellipses", options.MaximumEllipsisLines),
        ("alphabetic", options.MinimumAlphabeticWords));

    /// <inheritdoc/>
    public FilterFault? Examine(TrainingExample example)
    {
        ArgumentNullException.ThrowIfNull(example);
        string text = ExampleTexts.Of(example);
        RawWords words = new(text);
        string[] lines = TextLines.NotBlank(text);
        int spaced = 0, alphabetic = 0;
        long characters = 0;
        for (int i = 0; i < words.Count; i++)
        {
            if (HasLetter(words[i], words.IsAlone(i))) alphabetic++;
            if (words.IsAlone(i)) continue;
            spaced++;
            characters += words.Length(i);
        }

        double? meanLength = 2L * spaced < words.Count || spaced == 0 ? null : (double)characters / spaced;
        return FilterRules.AtLeast("words", words.Count, options.MinimumWords)
            ?? FilterRules.AtMost("words", words.Count, options.MaximumWords)
            ?? (meanLength is not { } mean ? null : FilterRules.AtLeast("mean word length", mean, options.MinimumMeanWordLength) ?? FilterRules.AtMost("mean word length", mean, options.MaximumMeanWordLength))
            ?? FilterRules.AtMost("hashes per word", FilterRules.Share(text.AsSpan().Count('#'), words.Count), options.MaximumSymbolsPerWord)
            ?? FilterRules.AtMost("ellipses per word", FilterRules.Share(text.AsSpan().Count("...") + text.AsSpan().Count('…'), words.Count), options.MaximumSymbolsPerWord)
            ?? FilterRules.AtMost("bullet lines", FilterRules.Share(lines.Count(IsBullet), lines.Length), options.MaximumBulletLines)
            ?? FilterRules.AtMost("ellipsis lines", FilterRules.Share(lines.Count(line => line.EndsWith("...", StringComparison.Ordinal) || line.EndsWith('…')), lines.Length), options.MaximumEllipsisLines)
            ?? (words.Count == 0 ? null : FilterRules.AtLeast("alphabetic words", FilterRules.Share(alphabetic, words.Count), options.MinimumAlphabeticWords));
    }

    private static bool IsBullet(string line) => line[0] is '•' or '‣' or '◦' or '▪' or '*' or '-' or '–';

    /// <summary>Vowels and tones of scripts without spaces are marks, and words of their own.</summary>
    private static bool HasLetter(ReadOnlySpan<char> word, bool isAlone)
    {
        foreach (Rune rune in word.EnumerateRunes())
        {
            if (Rune.IsLetter(rune) || (isAlone && !Rune.IsNumber(rune))) return true;
        }

        return false;
    }
}
