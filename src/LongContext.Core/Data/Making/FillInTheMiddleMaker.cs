using LongContext.Data.Examples;
using Microsoft.ML.Tokenizers;

namespace LongContext.Data.Making;

/// <summary>Moves the middle of a document to its end, so that a model learns to write what belongs between two texts.</summary>
/// <remarks>
/// Bavarian et al., "Efficient Training of Language Models to Fill in the Middle" (arXiv 2207.14255). Two places are drawn uniformly among all
/// places of the text, its ends included, and cut it into prefix, middle and suffix, any of which may be empty; cuts fall between characters,
/// not between tokens (their section 4.5), never inside a surrogate pair. <see cref="Make"/> works on whole documents;
/// <see cref="MakeWindows(string, ExampleEncoder, int, long)"/> on what fits a context (their "context level", section 4.4, which they found better: no part is cut off later).
/// </remarks>
public sealed class FillInTheMiddleMaker
{
    private readonly FillInTheMiddleOptions options;
    private readonly FillInTheMiddleTemplate? psm;
    private readonly FillInTheMiddleTemplate? spm;

    /// <summary>Makes a maker.</summary>
    /// <param name="options">The format, and how often.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public FillInTheMiddleMaker(FillInTheMiddleOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        this.options = options;
        if (options.Format.PrefixSuffixMiddle is { } first) psm = new FillInTheMiddleTemplate(first);
        if (options.Format.SuffixPrefixMiddle is { } second) spm = new FillInTheMiddleTemplate(second);
    }

    internal string Identity => Settings.Text(
        "fill in the middle", options.Seed, options.Format.PrefixSuffixMiddle, options.Format.SuffixPrefixMiddle, options.Rate, options.EffectiveSpmShare, options.Loss);

    /// <summary>Whether a document can be made: it has text, and none of the format's tokens is in it.</summary>
    /// <param name="text">The document.</param>
    public bool CanMake(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Fault(text) is null;
    }

    /// <summary>Makes an example of a whole document.</summary>
    /// <param name="text">The document.</param>
    /// <param name="number">The item's number; with the seed it decides whether and where.</param>
    /// <returns>
    /// A <see cref="TextExample"/> where everything counts, and where the document stayed as it is; else a <see cref="PromptExample"/>. Everything counts
    /// of one too (<see cref="PromptExample.PromptCounts"/>) where the middle follows the prefix with no token between: the two are encoded apart, as
    /// published, so that the cut may fall within what would be a token. The property fim is psm, spm or none.
    /// </returns>
    /// <exception cref="ArgumentException">Not possible; see <see cref="CanMake"/>.</exception>
    public TrainingExample Make(string text, long number)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Fault(text) is { } fault) throw new ArgumentException(fault, nameof(text));
        SplitMix64 random = new(options.Seed, number);
        return MakeBy(text, new Draws(ref random));
    }

    /// <summary>Cuts a document into texts whose examples fit a context once they are encoded, and makes an example of each, with draws of its own.</summary>
    /// <param name="text">The document.</param>
    /// <param name="encoder">What will encode the examples; it says how many tokens they have.</param>
    /// <param name="contextLength">The most tokens of an encoded example; at least 16.</param>
    /// <param name="number">The item's number.</param>
    /// <returns>The examples in the document's order; put back, their texts are the document.</returns>
    /// <exception cref="ArgumentException">Not possible; see <see cref="CanMake"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A context of fewer than 16 tokens.</exception>
    public IReadOnlyList<TrainingExample> MakeWindows(string text, ExampleEncoder encoder, int contextLength, long number)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        return MakeWindows(text, example => encoder.EncodeUnchecked(example).Length, contextLength, number);
    }

    /// <summary>Cuts a document into texts that fit a context and makes an example of each, with draws of its own.</summary>
    /// <param name="text">The document.</param>
    /// <param name="tokenizer">
    /// Counts the texts, special tokens as its own settings say. What an encoder adds is not counted: a beginning and an end of sentence, and what a middle has more as the
    /// continuation of a text. Give an <see cref="ExampleEncoder"/> instead to have it counted.
    /// </param>
    /// <param name="contextLength">The most tokens of an example's text; at least 16.</param>
    /// <param name="number">The item's number.</param>
    /// <returns>The examples in the document's order; put back, their texts are the document.</returns>
    /// <exception cref="ArgumentException">Not possible; see <see cref="CanMake"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A context of fewer than 16 tokens.</exception>
    public IReadOnlyList<TrainingExample> MakeWindows(string text, Tokenizer tokenizer, int contextLength, long number)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return MakeWindows(text, example => Count(example, tokenizer), contextLength, number);
    }

    private List<TrainingExample> MakeWindows(string text, Func<TrainingExample, int> count, int contextLength, long number)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 16);
        if (Fault(text) is { } fault) throw new ArgumentException(fault, nameof(text));
        SplitMix64 random = new(options.Seed, number);
        List<TrainingExample> made = [];
        for (int start = 0; start < text.Length;)
        {
            Draws draws = new(ref random);
            int length = TextFit.Longest(text, start, candidate => count(MakeBy(candidate, draws)) <= contextLength);
            if (length == 0) throw new ArgumentException($"Not one character fits {contextLength} tokens together with what {options.Format.Name} puts around it.", nameof(contextLength));
            made.Add(MakeBy(text.Substring(start, length), draws));
            start += length;
        }

        return made;
    }

    /// <summary>Puts the middle back.</summary>
    /// <param name="made">What a maker with the same options gave.</param>
    /// <returns>The document, or the part of it that the example is of.</returns>
    /// <exception cref="ArgumentException">It is something else.</exception>
    public string Restore(TrainingExample made)
    {
        ArgumentNullException.ThrowIfNull(made);
        string text = WholeText(made);
        int? middle = (made as PromptExample)?.Prompt.Length;
        if (made.Properties.TryGetValue("fim", out string? order) && order == "none") return text;
        foreach (FillInTheMiddleTemplate? template in (FillInTheMiddleTemplate?[])(order == "spm" ? [spm] : order == "psm" ? [psm] : [spm, psm]))
        {
            if (template?.Restore(text, middle) is { } document) return document;
        }

        return made is TextExample ? text : throw new ArgumentException($"The example has none of the orders of {options.Format.Name}.", nameof(made));
    }

    private static string WholeText(TrainingExample example) => example switch
    {
        TextExample text => text.Text,
        PromptExample prompt => prompt.Prompt + prompt.Completion,
        _ => throw new ArgumentException($"Expected a {nameof(TextExample)} or a {nameof(PromptExample)}, found a {example.GetType().Name}.", nameof(example)),
    };

    /// <summary>Tokens; of prompt and completion apart, as they are encoded.</summary>
    private static int Count(TrainingExample example, Tokenizer tokenizer) => example is PromptExample prompt
        ? tokenizer.CountTokens(prompt.Prompt) + tokenizer.CountTokens(prompt.Completion)
        : tokenizer.CountTokens(WholeText(example));

    private TrainingExample MakeBy(string text, Draws draws)
    {
        if (draws.Rate >= options.Rate) return new TextExample(text) { Properties = Order("none") };
        (int from, int to) = draws.Cut(text, options.Loss == FillInTheMiddleLoss.Middle);
        bool suffixFirst = draws.Order < options.EffectiveSpmShare;
        FillInTheMiddleTemplate template = suffixFirst ? spm! : psm!;
        string before = template.Before(text[..from], text[to..]), middle = text[from..to] + template.End;
        Dictionary<string, string> order = Order(suffixFirst ? "spm" : "psm");
        if (options.Loss == FillInTheMiddleLoss.Middle) return new PromptExample(before, middle) { Properties = order };
        return template.JoinsMiddle && middle.Length > 0
            ? new PromptExample(before, middle) { PromptCounts = true, Properties = order }
            : new TextExample(before + middle) { Properties = order };
    }

    private string? Fault(string text)
    {
        if (text.Length == 0) return "The document is empty; expected text.";
        string? mark = ((FillInTheMiddleTemplate?[])[psm, spm]).SelectMany(template => template?.Marks() ?? []).FirstOrDefault(mark => text.Contains(mark.Trim(), StringComparison.Ordinal));
        return mark is null ? null : $"The document holds \"{mark.Trim()}\", which the format {options.Format.Name} puts around its parts: they could not be told apart.";
    }

    private static Dictionary<string, string> Order(string order) => new() { ["fim"] = order };

    /// <summary>All draws of an example, made before its text is known, so that a window keeps them while its length is sought.</summary>
    private readonly struct Draws
    {
        private readonly double first;
        private readonly double second;

        public Draws(ref SplitMix64 random) => (Rate, Order, first, second) = (random.NextDouble(), random.NextDouble(), random.NextDouble(), random.NextDouble());

        public double Rate { get; }

        public double Order { get; }

        /// <summary>Two of the length + 1 places of a text; different ones if there must be a middle.</summary>
        public (int From, int To) Cut(string text, bool different)
        {
            int one = (int)(first * (text.Length + 1)), other = (int)(second * (text.Length + (different ? 0 : 1)));
            if (different && other >= one) other++;
            (int from, int to) = (Math.Min(one, other), Math.Max(one, other));
            if (!TextUnits.IsBorder(text, from)) from--;
            if (!TextUnits.IsBorder(text, to)) to++;
            return (from, to);
        }
    }
}
