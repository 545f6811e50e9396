using System.Globalization;
using LongContext.Data;
using LongContext.Data.Making;
using LongContext.Evaluation.Metrics;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks;

/// <summary>
/// Asks a model to repeat words of a text made from a seed: it can only do so if it reads exactly at the distance they stand at.
/// </summary>
/// <remarks>
/// The form, the range of 1 to 99 words and the score are those of Together's long-context fine-tuning study (together-cookbook,
/// LongContext_Finetuning_RepetitionTask); the text is random words, so that nothing can be guessed. There the text is a document, there is a short system message, and the temperature is 1; here
/// there is no system message, and answers are greedy.
/// </remarks>
public sealed class RepetitionTask : AnswerTask, ISizedTask
{
    private const int FewestNewTokens = 16;
    private const int OfficialItems = 25;

    private readonly RepetitionTaskOptions options;
    private readonly RepetitionForm form;
    private readonly RepetitionText.Question question;

    /// <summary>Makes a task.</summary>
    /// <param name="options">How to ask. Default: Together's form.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public RepetitionTask(RepetitionTaskOptions? options = null)
    {
        options ??= new RepetitionTaskOptions();
        options.Validate();
        this.options = options;
        form = options.Form;
        question = new RepetitionText.Question(
            [.. options.Words.Where(word => word != options.Marker)],
            form == RepetitionForm.AfterMarker,
            options.Marker,
            options.MinimumCount,
            options.MaximumCount,
            options.EffectiveTemplate,
            BeforeAnswer: null);
        Lengths = [.. options.Lengths];
        Name = form == RepetitionForm.LastWords ? "repetition" : "repetition/after-marker";
        Identity = Settings.Text(
            Name, options.Seed, question.Words, options.Marker, options.MinimumCount, options.MaximumCount, options.EffectiveTemplate, Lengths, options.Depths, options.ItemsPerCell,
            options.MaximumNewTokens, options.TemplateTokens, options.CountsWords ? 1 : 0);
    }

    /// <summary>"repetition", or "repetition/after-marker".</summary>
    public override string Name { get; }

    /// <inheritdoc />
    public override string Identity { get; }

    /// <inheritdoc />
    public override IReadOnlyList<string> Deviations =>
    [
        "random words in place of documents",
        "no system message, greedy answers",
        .. TaskDeviations.Where(form != RepetitionForm.LastWords, "words after a marker in place of the last ones"),
        .. TaskDeviations.Number(options.ItemsPerCell, OfficialItems, "items of each cell"),
    ];

    /// <inheritdoc />
    public override int? ItemCount => Lengths.Count * Math.Max(1, options.Depths.Count) * options.ItemsPerCell;

    /// <inheritdoc />
    public IReadOnlyList<int> Lengths { get; }

    int ISizedTask.TemplateTokens => options.TemplateTokens;

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
        double?[] depths = options.Depths.Count == 0 ? [null] : [.. options.Depths.Cast<double?>()];
        return DepthOrder.Of(depths.Length, options.ItemsPerCell).Select(cell => Sized(tokenizer, length, depths[cell.Depth], (cell.Depth * options.ItemsPerCell) + cell.Version));
    }

    /// <summary>Makes an item whose prompt has as many words as fit into a number of tokens.</summary>
    /// <param name="tokenizer">Counts the prompt's tokens, special tokens as its own settings say.</param>
    /// <param name="tokenCount">The prompt's length aimed at; never exceeded, and missed by less than one more word.</param>
    /// <param name="seed">The same seed makes the same item, on every machine.</param>
    /// <param name="depth">
    /// Where the marker stands: 0 before the first word, 1 so that the asked words are the text's last. Null, the default, draws it
    /// from the seed. Only for <see cref="RepetitionForm.AfterMarker"/>.
    /// </param>
    /// <returns>
    /// The item: its answer is the asked words joined by spaces; its properties are form, seed, count and, where there is one, marker.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// The prompt cannot be as short as that, or there is a depth without a marker.
    /// </exception>
    public EvaluationItem Create(Tokenizer tokenizer, int tokenCount, int seed, double? depth = null)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfLessThan(tokenCount, 1);
        if (depth is { } given)
        {
            if (form == RepetitionForm.LastWords) throw new ArgumentException("The last words have no depth to choose.", nameof(depth));
            if (!(given is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(depth), given, "Expected 0 to 1.");
        }

        RepetitionText.Sized made = RepetitionText.Create(question, tokenizer, tokenCount, depth, new SplitMix64((uint)seed));
        Dictionary<string, string> properties = new()
        {
            ["form"] = form.ToString(),
            ["seed"] = seed.ToString(CultureInfo.InvariantCulture),
            ["count"] = made.Count.ToString(CultureInfo.InvariantCulture),
        };
        if (made.Text.Marker is { } word) properties["marker"] = word;
        return new EvaluationItem
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{form}-{tokenCount}-{depth}-{seed}"),
            Prompt = new EvaluationPrompt { Before = made.Before, Context = made.Context, After = made.After },
            Answers = [made.Answer],
            Settings = new AnswerSettings { MaximumNewTokens = NewTokens(tokenizer, made.Answer) },
            PromptTokenCount = made.Tokens,
            Length = tokenCount,
            Group = tokenCount.ToString(CultureInfo.InvariantCulture),
            Depth = made.Text.Marker is null ? null : made.Text.Depth,
            Properties = properties,
        };
    }

    /// <summary>Together's score, or that of whole words where the options say so. Details: characters, words and wordCountDifference, all three.</summary>
    /// <param name="item">The item.</param>
    /// <param name="answer">What the model said.</param>
    public override ItemScore Score(EvaluationItem item, string answer)
    {
        double characters = CharacterScore(item, answer), words = WordScore(item, answer);
        return new ItemScore(options.CountsWords ? words : characters)
        {
            Details = new Dictionary<string, double> { ["characters"] = characters, ["words"] = words, ["wordCountDifference"] = WordCountDifference(item, answer) },
        };
    }

    /// <summary>The mean of all scores times 100, named score, then that of each length.</summary>
    /// <param name="results">Results of one model and one strategy that have a score.</param>
    public override IReadOnlyList<TaskFigure> Summarize(IReadOnlyList<ItemResult> results) => LengthFigures.Of(results);

    /// <summary>Together's score: the indel ratio of answer and output, 0 to 1, counted in code points.</summary>
    /// <param name="item">The item.</param>
    /// <param name="output">What the model said, as it said it.</param>
    public static double CharacterScore(EvaluationItem item, string output)
    {
        ArgumentNullException.ThrowIfNull(item);
        return Levenshtein.IndelRatio(item.Answer, output);
    }

    /// <summary>The indel ratio counted in words: whole words are right or wrong.</summary>
    /// <param name="item">The item.</param>
    /// <param name="output">What the model said.</param>
    public static double WordScore(EvaluationItem item, string output)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(output);
        return Levenshtein.IndelRatio<string>(Words.Of(item.Answer), Words.Of(output));
    }

    /// <summary>How many words the output has too many or too few.</summary>
    /// <param name="item">The item.</param>
    /// <param name="output">What the model said.</param>
    public static int WordCountDifference(EvaluationItem item, string output)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(output);
        return Math.Abs(Words.Of(item.Answer).Length - Words.Of(output).Length);
    }

    private int NewTokens(Tokenizer tokenizer, string answer) => options.MaximumNewTokens ?? Math.Max(FewestNewTokens, 2 * tokenizer.CountTokens(answer));

    /// <summary>An item that has the length with its answer and template. How long the answer is shows once it is made, so that some are made twice.</summary>
    private EvaluationItem Sized(Tokenizer tokenizer, int length, double? depth, int number)
    {
        int seed = PasskeyTask.SeedOf(options.Seed, length, number), newTokens = options.MaximumNewTokens ?? FewestNewTokens;
        for (int most = length; ;)
        {
            EvaluationItem item = PasskeyTask.RequireRoom(length, newTokens + options.TemplateTokens, left => Create(tokenizer, Math.Min(left, most), seed, depth));
            int needed = item.Settings.MaximumNewTokens;
            // Another length is another text with another answer: a few tokens more or less, which the next try allows for.
            if (item.PromptTokenCount!.Value + needed + options.TemplateTokens <= length)
            {
                return item with
                {
                    Id = string.Create(CultureInfo.InvariantCulture, $"{length}-{number}"),
                    Length = length,
                    Group = length.ToString(CultureInfo.InvariantCulture),
                };
            }

            (newTokens, most) = (Math.Max(needed, newTokens), item.PromptTokenCount.Value - 1);
        }
    }

    /// <summary>The last words of a document, joined by one space each.</summary>
    internal static string LastWords(string document, int count) => string.Join(' ', Words.Of(document).TakeLast(count));
}
