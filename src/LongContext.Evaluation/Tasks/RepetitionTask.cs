using System.Globalization;
using LongContext.Data.Making;
using LongContext.Evaluation.Metrics;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks;

/// <summary>
/// Asks a model to repeat words of a text made from a seed: it can only do so if it reads exactly at the distance they stand at.
/// </summary>
/// <remarks>
/// The form, the range of 1 to 99 words and the score are those of Together's long-context fine-tuning study (together-cookbook,
/// LongContext_Finetuning_RepetitionTask); the text is random words, so that nothing can be guessed.
/// </remarks>
public sealed class RepetitionTask
{
    private readonly RepetitionForm form;
    private readonly string[] words;
    private readonly int minimumCount;
    private readonly int maximumCount;
    private readonly string? marker;
    private readonly string template;

    /// <summary>Makes a task.</summary>
    /// <param name="options">How to ask. Default: Together's form.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public RepetitionTask(RepetitionTaskOptions? options = null)
    {
        options ??= new RepetitionTaskOptions();
        options.Validate();
        form = options.Form;
        words = [.. options.Words.Where(word => word != options.Marker)];
        minimumCount = options.MinimumCount;
        maximumCount = options.MaximumCount;
        marker = options.Marker;
        template = options.EffectiveTemplate;
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

        SeededRandom random = new(seed);
        double countDraw = random.NextDouble();
        double drawnDepth = random.NextDouble();
        Draw draw = new(words, marker, form == RepetitionForm.AfterMarker, depth ?? drawnDepth, random);
        int most = maximumCount;
        while (true)
        {
            int count = minimumCount + (int)(countDraw * ((long)most - minimumCount + 1));
            PromptSizer.Sized? sized = PromptSizer.Largest(tokenizer, tokenCount, count, length => Prompt(draw, length, count));
            if (sized is { } fitting) return Item(draw, fitting, count, seed);
            // The text would be shorter than what is asked for: ask for no more than half as many.
            if (count == minimumCount)
            {
                throw new ArgumentException(
                    $"A prompt that asks for {count} words has more than {tokenCount} tokens; expected a target that holds it.",
                    nameof(tokenCount));
            }

            most = Math.Max(minimumCount, Math.Min(most - 1, count / 2));
        }
    }

    /// <summary>Together's score: the indel ratio of answer and output, 0 to 1, counted in code points.</summary>
    /// <param name="item">The item.</param>
    /// <param name="output">What the model said, as it said it.</param>
    public static double Score(EvaluationItem item, string output)
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

    /// <summary>The last words of a document, joined by one space each.</summary>
    internal static string LastWords(string document, int count) => string.Join(' ', Words.Of(document).TakeLast(count));

    private string Prompt(Draw draw, int length, int count) => PromptTemplate.Fill(
        template,
        draw.Text(length, count),
        ("{count}", count.ToString(CultureInfo.InvariantCulture)),
        ("{marker}", draw.Marker ?? string.Empty));

    private EvaluationItem Item(Draw draw, PromptSizer.Sized sized, int count, int seed)
    {
        Dictionary<string, string> properties = new()
        {
            ["form"] = form.ToString(),
            ["seed"] = seed.ToString(CultureInfo.InvariantCulture),
            ["count"] = count.ToString(CultureInfo.InvariantCulture),
        };
        if (draw.Marker is { } word) properties["marker"] = word;
        return new EvaluationItem
        {
            Prompt = sized.Prompt,
            Answer = draw.Answer(sized.Words, count),
            PromptTokenCount = sized.Tokens,
            Depth = draw.Marker is null ? null : draw.Depth,
            Properties = properties,
        };
    }

    /// <summary>One seed's words: as long a row as asked for, the same from its start however long it gets.</summary>
    private sealed class Draw
    {
        private readonly string[] words;
        private readonly SeededRandom random;
        private readonly List<string> drawn = [];

        public Draw(string[] words, string? marker, bool marked, double depth, SeededRandom random)
        {
            Marker = marked ? marker ?? words[random.Next(words.Length)] : null;
            Depth = depth;
            this.words = Array.FindAll(words, word => word != Marker);
            this.random = random;
        }

        public string? Marker { get; }

        public double Depth { get; }

        public string Text(int length, int count)
        {
            List<string> text = [.. Take(length)];
            if (Marker is not null) text.Insert(MarkerPlace(length, count), Marker);
            return string.Join(' ', text);
        }

        public string Answer(int length, int count)
        {
            int start = Marker is null ? length - count : MarkerPlace(length, count);
            return string.Join(' ', Take(length).GetRange(start, count));
        }

        private int MarkerPlace(int length, int count) => (int)Math.Round(Depth * (length - count));

        private List<string> Take(int length)
        {
            while (drawn.Count < length) drawn.Add(words[random.Next(words.Length)]);
            return drawn.GetRange(0, length);
        }
    }
}
