using System.Globalization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Data.Making;

/// <summary>
/// One seed's random words and what is asked about them: as long a row as asked for, the same from its start however long it gets. Tasks that measure
/// and makers that train build on it.
/// </summary>
internal sealed class RepetitionText
{
    private readonly string[] words;
    private readonly List<string> drawn = [];
    private SplitMix64 random;

    private RepetitionText(string[] words, string? marker, bool marked, double depth, SplitMix64 random)
    {
        this.random = random;
        Marker = marked ? marker ?? words[this.random.NextInt(words.Length)] : null;
        Depth = depth;
        this.words = Array.FindAll(words, word => word != Marker);
    }

    public string? Marker { get; }

    public double Depth { get; }

    /// <summary>A prompt that fits, with its answer.</summary>
    /// <param name="Prompt">The prompt.</param>
    /// <param name="Answer">The words asked for, joined by one blank each.</param>
    /// <param name="Count">How many they are.</param>
    /// <param name="Tokens">What was measured: the prompt, or prompt, what is before the answer, and answer.</param>
    /// <param name="Text">The words.</param>
    public readonly record struct Sized(string Prompt, string Answer, int Count, int Tokens, RepetitionText Text)
    {
        /// <summary>What stands before the words in the prompt.</summary>
        public required string Before { get; init; }

        /// <summary>The words, with the marker where there is one.</summary>
        public required string Context { get; init; }

        /// <summary>What stands after them.</summary>
        public required string After { get; init; }
    }

    /// <summary>What is asked and how.</summary>
    /// <param name="Words">To draw from.</param>
    /// <param name="Marked">Whether the words after a marker are asked for, or else the last.</param>
    /// <param name="Marker">The marker, or null to draw one of the words.</param>
    /// <param name="MinimumCount">Fewest words.</param>
    /// <param name="MaximumCount">Most words.</param>
    /// <param name="Template">The prompt, with {text}, {count} and {marker}.</param>
    /// <param name="BeforeAnswer">What is between prompt and answer where both are measured; null to measure the prompt alone.</param>
    public sealed record Question(string[] Words, bool Marked, string? Marker, int MinimumCount, int MaximumCount, string Template, string? BeforeAnswer);

    /// <summary>Makes a prompt of as many words as fit; asks for fewer words where the text would be shorter than what is asked for.</summary>
    /// <exception cref="ArgumentException">Not even a prompt that asks for the fewest words fits.</exception>
    public static Sized Create(Question question, Tokenizer tokenizer, int tokenCount, double? depth, SplitMix64 random)
    {
        double countDraw = random.NextDouble(), drawnDepth = random.NextDouble();
        RepetitionText text = new(question.Words, question.Marker, question.Marked, depth ?? drawnDepth, random);
        int most = question.MaximumCount;
        while (true)
        {
            int count = question.MinimumCount + (int)(countDraw * ((long)most - question.MinimumCount + 1));
            PromptSizer.Sized? sized = PromptSizer.Largest(tokenizer, tokenCount, count, length =>
                question.BeforeAnswer is null ? text.Prompt(question, length, count) : text.Prompt(question, length, count) + question.BeforeAnswer + text.Answer(length, count));
            if (sized is { } fitting)
            {
                (string before, string after) = text.Around(question, count);
                string context = text.Words(fitting.Words, count);
                return new Sized(before + context + after, text.Answer(fitting.Words, count), count, fitting.Tokens, text) { Before = before, Context = context, After = after };
            }

            // The text would be shorter than what is asked for: ask for no more than half as many.
            if (count == question.MinimumCount)
            {
                throw LengthFault.Create(
                    $"A prompt that asks for {count} words has more than {tokenCount} tokens; expected a target that holds it.", tokenizer.CountTokens(text.Prompt(question, count, count)), nameof(tokenCount));
            }

            most = Math.Max(question.MinimumCount, Math.Min(most - 1, count / 2));
        }
    }

    private string Prompt(Question question, int length, int count)
    {
        (string before, string after) = Around(question, count);
        return before + Words(length, count) + after;
    }

    private (string Before, string After) Around(Question question, int count) => PromptTemplate.Around(
        question.Template,
        ("{count}", count.ToString(CultureInfo.InvariantCulture)),
        ("{marker}", Marker ?? string.Empty));

    private string Words(int length, int count)
    {
        List<string> text = [.. Take(length)];
        if (Marker is not null) text.Insert(MarkerPlace(length, count), Marker);
        return string.Join(' ', text);
    }

    private string Answer(int length, int count)
    {
        int start = Marker is null ? length - count : MarkerPlace(length, count);
        return string.Join(' ', Take(length).GetRange(start, count));
    }

    private int MarkerPlace(int length, int count) => (int)Math.Round(Depth * (length - count));

    private List<string> Take(int length)
    {
        while (drawn.Count < length) drawn.Add(words[random.NextInt(words.Length)]);
        return drawn.GetRange(0, length);
    }
}
