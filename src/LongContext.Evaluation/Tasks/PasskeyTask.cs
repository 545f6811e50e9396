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
public sealed class PasskeyTask
{
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
        digitCount = options.DigitCount;
        sentences = [.. options.Sentences];
        template = options.Template;
        needle = options.Needle;
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
            tokenizer, tokenCount, 0, count => PromptTemplate.Fill(template, filler.Text(count, depth, told)))
            ?? throw new ArgumentException(
                $"The question alone has more than {tokenCount} tokens; expected a target that holds it.", nameof(tokenCount));
        return new EvaluationItem
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{tokenCount}-{depth}-{seed}"),
            Prompt = EvaluationPrompt.FromText(sized.Prompt),
            Answers = [key],
            PromptTokenCount = sized.Tokens,
            Length = tokenCount,
            Depth = depth,
            Properties = new Dictionary<string, string> { ["seed"] = seed.ToString(CultureInfo.InvariantCulture) },
        };
    }

    /// <summary>1 if the first integer of the output is the key, else 0.</summary>
    /// <param name="item">The item.</param>
    /// <param name="output">What the model said.</param>
    public static double Score(EvaluationItem item, string output)
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
