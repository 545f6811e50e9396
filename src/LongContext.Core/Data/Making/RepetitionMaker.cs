using System.Globalization;
using LongContext.Data.Examples;

namespace LongContext.Data.Making;

/// <summary>Asks for words of a text, exactly: of random words of any length, or of documents.</summary>
/// <remarks>
/// The form, the range of 1 to 99 words and the prompt are those of Together's long-context fine-tuning study (together-cookbook,
/// LongContext_Finetuning_RepetitionTask), which asks for the last words of documents. Words are apart at white space and joined by one blank.
/// </remarks>
public sealed class RepetitionMaker
{
    private const int LongestMarker = 8;

    private readonly RepetitionOptions options;

    /// <summary>Makes a maker.</summary>
    /// <param name="options">What to ask for. Default: Together's form.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public RepetitionMaker(RepetitionOptions? options = null)
    {
        this.options = options ?? new RepetitionOptions();
        this.options.Validate();
    }

    internal string Identity => Settings.Text(
        "repetition", options.Seed, options.Form, options.MinimumCount, options.MaximumCount, options.EffectiveTemplate, options.BeforeAnswer, options.Words, options.MinimumTokens,
        options.MaximumTokens, options.Tokenizer?.GetType().Name);

    /// <summary>Makes an example of random words; the options must have a tokenizer.</summary>
    /// <param name="number">The item's number; with the seed it decides everything.</param>
    /// <returns>
    /// An example whose prompt and completion have a length drawn between the two of the options, never more and less by at most a word. Properties: count,
    /// tokens and, with a marker, depth and marker.
    /// </returns>
    /// <exception cref="InvalidOperationException">There is no tokenizer.</exception>
    /// <exception cref="ArgumentException">The question alone is longer than the length drawn.</exception>
    public PromptExample Make(long number)
    {
        if (options.Tokenizer is null) throw new InvalidOperationException($"Random texts have a length in tokens: set {nameof(RepetitionOptions)}.{nameof(RepetitionOptions.Tokenizer)}.");
        SplitMix64 random = new(options.Seed, number);
        int tokens = TokenRange.Draw(options.MinimumTokens, options.MaximumTokens, ref random);
        RepetitionText.Sized made = RepetitionText.Create(
            new([.. options.Words], options.Form == RepeatedWords.AfterMarker, null, options.MinimumCount, options.MaximumCount, options.EffectiveTemplate, options.BeforeAnswer),
            options.Tokenizer, tokens, null, random);
        Dictionary<string, string> properties = new() { ["tokens"] = made.Tokens.ToString(CultureInfo.InvariantCulture) };
        if (made.Text.Marker is not null) properties["depth"] = made.Text.Depth.ToString("0.###", CultureInfo.InvariantCulture);
        return Example(made.Prompt, made.Answer, made.Count, made.Text.Marker, properties);
    }

    /// <summary>Makes an example of a document. With a marker, that is the fewest of the document's words, at most 8, that stand only there.</summary>
    /// <param name="document">The document; its white space stays as it is.</param>
    /// <param name="number">The item's number; with the seed it decides how many words are asked for, and which.</param>
    /// <returns>The example. Properties: count and, with a marker, marker.</returns>
    /// <exception cref="ArgumentException">Too few words, or no words that stand only once before as many as are asked for.</exception>
    public PromptExample Make(string document, long number)
    {
        ArgumentNullException.ThrowIfNull(document);
        SplitMix64 random = new(options.Seed, number);
        double draw = random.NextDouble();
        if (options.Tokenizer is null) return Ask(document, draw, random) ?? throw Unfit();
        int length = TextFit.Longest(document, 0, text => Ask(text, draw, random) is not { } example
            || options.Tokenizer.CountTokens(example.Prompt + example.Completion) <= options.MaximumTokens);
        return Ask(document[..length], draw, random) ?? throw Unfit();

        ArgumentException Unfit() => new(
            $"The document has too few words, or none that stand only once before {options.MinimumCount} others (form {options.Form}); expected more.", nameof(document));
    }

    private PromptExample? Ask(string text, double draw, SplitMix64 random)
    {
        List<Range> words = TextUnits.Words(text);
        int marked = options.Form == RepeatedWords.AfterMarker ? 1 : 0, most = Math.Min(options.MaximumCount, words.Count - marked);
        if (most < options.MinimumCount) return null;
        int count = options.MinimumCount + (int)(draw * (most - options.MinimumCount + 1));
        if (marked == 0) return Example(Prompt(text, count, ""), Join(text, words, words.Count - count, count), count, null, []);

        // Some places at random, each with a longer marker until it stands only once.
        for (int attempt = 0; attempt < 32; attempt++)
        {
            int first = random.NextInt(words.Count - count);
            for (int length = 1; length <= LongestMarker && first + length + count <= words.Count; length++)
            {
                string marker = Join(text, words, first, length);
                if (Occurrences(text, words, first, length) == 1)
                    return Example(Prompt(text, count, marker), Join(text, words, first + length, count), count, marker, []);
            }
        }

        return null;
    }

    private static int Occurrences(string text, List<Range> words, int first, int length)
    {
        int found = 0;
        for (int at = 0; at + length <= words.Count; at++)
        {
            int same = 0;
            while (same < length && text.AsSpan()[words[at + same]].SequenceEqual(text.AsSpan()[words[first + same]])) same++;
            if (same == length) found++;
        }

        return found;
    }

    private string Prompt(string text, int count, string marker) =>
        PromptTemplate.Fill(options.EffectiveTemplate, text, ("{count}", count.ToString(CultureInfo.InvariantCulture)), ("{marker}", marker));

    private static string Join(string text, List<Range> words, int start, int count) => string.Join(' ', words.GetRange(start, count).Select(word => text[word]));

    private PromptExample Example(string prompt, string answer, int count, string? marker, Dictionary<string, string> properties)
    {
        properties["count"] = count.ToString(CultureInfo.InvariantCulture);
        if (marker is not null) properties["marker"] = marker;
        return new PromptExample(prompt, options.BeforeAnswer + answer) { Properties = properties };
    }
}
