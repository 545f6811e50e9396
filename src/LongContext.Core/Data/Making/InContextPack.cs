using System.Globalization;
using System.Text;
using LongContext.Data.Examples;

namespace LongContext.Data.Making;

/// <summary>
/// One sequence in the making. Counting the whole text anew with every example would be quadratic; the examples are counted one by one, and the whole
/// only when the sum says that it is full, and at the end, where examples are given back should the whole be longer than its parts.
/// </summary>
internal sealed class InContextPack(InContextOptions options, string? group)
{
    private readonly List<TrainingExample> examples = [];
    private readonly StringBuilder text = new();
    private int estimate = options.Tokenizer.CountTokens("");

    public int Count => examples.Count;

    private int Limit => options.ContextLength - options.ReservedTokens;

    /// <summary>Adds an example if it fits.</summary>
    public bool TryAdd(TrainingExample example)
    {
        if (Count == options.MaximumShots) return false;
        string piece = (Count == 0 ? "" : options.Separator) + Text(example);
        int sum = estimate + Math.Max(0, options.Tokenizer.CountTokens(piece) - options.Tokenizer.CountTokens(""));
        if (sum > Limit)
        {
            sum = options.Tokenizer.CountTokens(string.Concat(text.ToString(), piece));
            if (sum > Limit) return false;
        }

        estimate = sum;
        text.Append(piece);
        examples.Add(example);
        return true;
    }

    /// <summary>The sequence of as many of the examples as really fit, in their order from the first, at least one.</summary>
    /// <returns>The sequence and how many of the examples are in it.</returns>
    public (TrainingExample Made, int Used) Complete()
    {
        int used = Count, tokens = options.Tokenizer.CountTokens(text.ToString());
        while (tokens > Limit && used > 1)
        {
            used--;
            tokens = options.Tokenizer.CountTokens(Join(used));
        }

        Dictionary<string, string> properties = new()
        {
            ["shots"] = used.ToString(CultureInfo.InvariantCulture),
            ["tokens"] = tokens.ToString(CultureInfo.InvariantCulture),
        };
        if (group is not null) properties["group"] = group;
        TrainingExample made = options.Loss == InContextLoss.Everything ? new TextExample(Join(used)) : new SegmentsExample(Segments(used));
        return (made with { Properties = properties }, used);
    }

    public static string Text(TrainingExample example) => string.Concat(Pieces(example).Select(piece => piece.Text));

    private string Join(int count) => string.Join(options.Separator, examples.Take(count).Select(Text));

    private List<TextSegment> Segments(int count)
    {
        List<TextSegment> segments = [];
        for (int i = 0; i < count; i++)
        {
            bool answers = options.Loss == InContextLoss.Answers || i == count - 1;
            foreach (TextSegment piece in Pieces(examples[i])) Append(piece.Text, piece.Counts && answers);
            if (i < count - 1) Append(options.Separator, answers && Pieces(examples[i])[^1].Counts);
        }

        return segments;

        // Neighbours that count alike are one piece.
        void Append(string piece, bool counts)
        {
            if (piece.Length == 0) return;
            if (segments.Count > 0 && segments[^1].Counts == counts) segments[^1] = new TextSegment(segments[^1].Text + piece, counts);
            else segments.Add(new TextSegment(piece, counts));
        }
    }

    private static IReadOnlyList<TextSegment> Pieces(TrainingExample example) => example switch
    {
        PromptExample prompt => [new(prompt.Prompt, prompt.PromptCounts), new(prompt.Completion, true)],
        TextExample text => [new(text.Text, true)],
        SegmentsExample segments => segments.Segments,
        _ => throw new ArgumentException(
            $"{example.Origin?.ToString() ?? "An example"}: a {example.GetType().Name} has no text of its own to put into a sequence; render it first, into a {nameof(PromptExample)} for example.",
            nameof(example)),
    };
}
