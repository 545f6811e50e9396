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
/// LongContext_Finetuning_RepetitionTask); the text is random words, so that nothing can be guessed.
/// </remarks>
public sealed class RepetitionTask
{
    private readonly RepetitionForm form;
    private readonly RepetitionText.Question question;

    /// <summary>Makes a task.</summary>
    /// <param name="options">How to ask. Default: Together's form.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public RepetitionTask(RepetitionTaskOptions? options = null)
    {
        options ??= new RepetitionTaskOptions();
        options.Validate();
        form = options.Form;
        question = new RepetitionText.Question(
            [.. options.Words.Where(word => word != options.Marker)],
            form == RepetitionForm.AfterMarker,
            options.Marker,
            options.MinimumCount,
            options.MaximumCount,
            options.EffectiveTemplate,
            BeforeAnswer: null);
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
            Prompt = EvaluationPrompt.FromText(made.Prompt),
            Answers = [made.Answer],
            PromptTokenCount = made.Tokens,
            Length = tokenCount,
            Depth = made.Text.Marker is null ? null : made.Text.Depth,
            Properties = properties,
        };
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
}
