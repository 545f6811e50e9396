using System.Globalization;
using LongContext.Data;
using LongContext.Data.Making;
using LongContext.Evaluation.Metrics;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks;

/// <summary>Hides a number among sentences that say nothing, at a chosen depth, and asks for it at the end.</summary>
/// <remarks>
/// Passkey retrieval after Mohtashami and Jaggi, "Landmark Attention" (arXiv 2305.16300), with sentences of our own; scored as
/// InfiniteBench does, by the first integer of the output.
/// </remarks>
public sealed class PasskeyTask : AnswerTask, ISizedTask
{
    private const int Sample = 32; // words to guess from how many fit

    private readonly PasskeyTaskOptions options;
    private readonly int digitCount;
    private readonly string[] sentences;
    private readonly string template;
    private readonly string needle;

    /// <summary>Makes a task.</summary>
    /// <param name="options">How to ask.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public PasskeyTask(PasskeyTaskOptions? options = null)
    {
        options ??= new PasskeyTaskOptions();
        options.Validate();
        this.options = options;
        digitCount = options.DigitCount;
        sentences = [.. options.Sentences];
        template = options.Template;
        needle = options.Needle;
        Lengths = [.. options.Lengths];
        Depths = [.. options.Depths];
        Identity = Settings.Text(
            Name, options.Seed, digitCount, sentences, template, needle, Lengths, Depths, options.ItemsPerCell, options.MaximumNewTokens, options.TemplateTokens);
    }

    /// <inheritdoc />
    public override string Name => "passkey";

    /// <inheritdoc />
    public override string Identity { get; }

    /// <inheritdoc />
    public override IReadOnlyList<string> Deviations => ["sentences and words of the library's own"];

    /// <inheritdoc />
    public override int? ItemCount => Lengths.Count * Depths.Count * options.ItemsPerCell;

    /// <inheritdoc />
    public IReadOnlyList<int> Lengths { get; }

    int ISizedTask.TemplateTokens => options.TemplateTokens;

    /// <summary>Where the key stands in the task's items.</summary>
    public IReadOnlyList<double> Depths { get; }

    /// <inheritdoc />
    /// <exception cref="ArgumentException">The question alone is longer than a length; thrown when that item is reached.</exception>
    public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return Lengths.SelectMany(length => CreateItems(tokenizer, length));
    }

    /// <inheritdoc />
    public IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer, int length)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        return DepthOrder.Of(Depths.Count, options.ItemsPerCell).Select(cell =>
        {
            double depth = Depths[cell.Depth];
            int seed = SeedOf(options.Seed, length, (cell.Depth * options.ItemsPerCell) + cell.Version), reserved = options.MaximumNewTokens + options.TemplateTokens;
            return RequireRoom(length, reserved, left => Create(tokenizer, left, depth, seed)) with
            {
                Id = string.Create(CultureInfo.InvariantCulture, $"{length}-{depth}-{cell.Version}"),
                Length = length,
                Group = length.ToString(CultureInfo.InvariantCulture),
            };
        });
    }

    /// <summary>Makes an item whose prompt has as many words of other sentences as fit into a number of tokens.</summary>
    /// <param name="tokenizer">Counts the prompt's tokens, special tokens as its own settings say.</param>
    /// <param name="tokenCount">The prompt's length aimed at; never exceeded, and missed by less than one more word.</param>
    /// <param name="depth">
    /// Where the key stands: 0 before the other sentences, 1 after them, else at the nearest border between two.
    /// </param>
    /// <param name="seed">The same seed makes the same item, on every machine.</param>
    /// <returns>The item; its answer is the key's digits. The last of the other sentences may be cut short to fit.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A depth outside 0 to 1.</exception>
    /// <exception cref="ArgumentException">The prompt cannot be as short as that.</exception>
    public EvaluationItem Create(Tokenizer tokenizer, int tokenCount, double depth, int seed)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfLessThan(tokenCount, 1);
        if (!(depth is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(depth), depth, "Expected 0 to 1.");

        SplitMix64 random = new((uint)seed);
        int lowest = (int)Math.Pow(10, digitCount - 1);
        // The first digit is never 0, so that a number and its digits are the same thing.
        string key = (lowest + random.NextInt(9 * lowest)).ToString(CultureInfo.InvariantCulture);
        string told = needle.Replace("{key}", key, StringComparison.Ordinal);
        Filler filler = new(sentences, random);
        PromptSizer.Sized sized = PromptSizer.Largest(
            tokenizer, tokenCount, 0, count => PromptTemplate.Fill(template, filler.Text(count, depth, told)), Math.Max(0.25, tokenizer.CountTokens(filler.Text(Sample, depth, told)) / (double)Sample))
            ?? throw LengthFault.Create(
                $"The question alone has more than {tokenCount} tokens; expected a target that holds it.", tokenizer.CountTokens(PromptTemplate.Fill(template, filler.Text(0, depth, told))), nameof(tokenCount));
        (string before, string after) = PromptTemplate.Around(template);
        return new EvaluationItem
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{tokenCount}-{depth}-{seed}"),
            Prompt = new EvaluationPrompt { Before = before, Context = filler.Text(sized.Words, depth, told), After = after },
            Answers = [key],
            Settings = new AnswerSettings { MaximumNewTokens = options.MaximumNewTokens },
            PromptTokenCount = sized.Tokens,
            Length = tokenCount,
            Depth = depth,
            Group = tokenCount.ToString(CultureInfo.InvariantCulture),
            Properties = new Dictionary<string, string> { ["seed"] = seed.ToString(CultureInfo.InvariantCulture) },
        };
    }

    /// <summary>1 if the first integer of the answer is the key, else 0.</summary>
    /// <param name="item">The item.</param>
    /// <param name="answer">What the model said.</param>
    public override ItemScore Score(EvaluationItem item, string answer) => new(FirstNumberScore(item, answer));

    /// <summary>The mean of all scores times 100, named score, then that of each length.</summary>
    /// <param name="results">Results of one model and one strategy that have a score.</param>
    public override IReadOnlyList<TaskFigure> Summarize(IReadOnlyList<ItemResult> results) => LengthFigures.Of(results);

    /// <summary>1 if the first integer of the output is the key, else 0.</summary>
    /// <param name="item">The item.</param>
    /// <param name="output">What the model said.</param>
    public static double FirstNumberScore(EvaluationItem item, string output)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(output);
        int start = output.AsSpan().IndexOfAnyInRange('0', '9');
        if (start < 0) return 0;
        ReadOnlySpan<char> rest = output.AsSpan(start);
        int length = rest.IndexOfAnyExceptInRange('0', '9');
        ReadOnlySpan<char> number = length < 0 ? rest : rest[..length];
        return number.TrimStart('0').SequenceEqual(item.Answer.AsSpan().TrimStart('0')) ? 1 : 0;
    }

    /// <summary>The seed of an item among those of a length.</summary>
    internal static int SeedOf(int seed, int length, int number)
    {
        SplitMix64 random = new(seed, ((long)length << 24) + number);
        return (int)(uint)random.Next();
    }

    /// <summary>Makes an item in what is left of a length.</summary>
    /// <exception cref="ArgumentException">Nothing is left, or it is too short.</exception>
    internal static EvaluationItem RequireRoom(int length, int reserved, Func<int, EvaluationItem> create)
    {
        if (length <= reserved) throw new ArgumentException($"Answer and template are to have {reserved} tokens, which is all of the length, {length}; expected a longer one.", nameof(length));
        try
        {
            return create(length - reserved);
        }
        catch (ArgumentException fault) when (LengthFault.RequiredOf(fault) is { } required)
        {
            throw LengthFault.Create($"The question alone has more than the {length - reserved} tokens that {reserved} for template and answer leave of {length}.", required + reserved, nameof(length));
        }
    }

    /// <summary>One seed's sentences: as many words of them as asked for, the same from the start however many.</summary>
    private sealed class Filler(string[] sentences, SplitMix64 random)
    {
        private SplitMix64 random = random;
        private readonly List<string> words = [];
        private readonly List<int> borders = [0]; // before which words a sentence begins

        public string Text(int count, double depth, string told)
        {
            while (words.Count <= count)
            {
                words.AddRange(Words.Of(sentences[random.NextInt(sentences.Length)]));
                borders.Add(words.Count);
            }

            List<string> text = words.GetRange(0, count);
            // A sentence that is cut short still ends like one.
            if (count > 0 && borders.BinarySearch(count) < 0) text[^1] = text[^1].TrimEnd(',', ';', '.') + ".";
            text.Insert(Border(count, depth * count), told);
            return string.Join(' ', text);
        }

        /// <summary>The sentence border nearest to a place in the text, whose end is a border too.</summary>
        private int Border(int count, double place)
        {
            int after = borders.FindIndex(border => border >= place);
            int above = Math.Min(count, borders[after]);
            int below = after == 0 ? 0 : borders[after - 1];
            return place - below <= above - place ? below : above;
        }
    }
}
