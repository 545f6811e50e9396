using System.Globalization;
using LongContext.Data;
using LongContext.Data.Making;

namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>
/// Frequent words (freq_words_extraction.py): made-up words of six letters, the k-th of which stands ⌊n / (k² ζ(2))⌋ times, in random order; the first is written as dots, and the
/// three after it are asked for. There are as many different words as the prompt has tokens, by 50.
/// </summary>
internal sealed class RulerFrequentWords(int seed) : RulerGenerator
{
    private const int Letters = 6;
    private const int Fewest = 27; // the least n by which the fourth word stands somewhere and the fifth does not
    private const string Dots = "...";
    private const double Zeta = Math.PI * Math.PI / 6;
    private const string Before = "Read the following coded text and track the frequency of each coded word. Find the three most frequently appeared coded words. ";
    private const string Prefix = " Answer: According to the coded text above, the three most frequently appeared words are:";

    private const string Question =
        "\nQuestion: Do not provide any explanation. Please ignore the dots '....'. What are the three most frequently appeared words in the above coded text?";

    public override int NewTokens => 50;

    public override string Identity => Settings.Text("fwe", seed);

    public override RulerDraft Make(RulerSize size, int index)
    {
        SplitMix64 random = new(seed, Number(size, index)), order = new(random.Next());
        string[] words = Coded(Math.Max(5, size.PromptTokens / 50), random);
        string Whole(int n, int dots) => Before + Text(words, n, dots, order) + Question + Prefix;
        double perWord = size.Tokenizer.CountTokens(string.Join(' ', words.Take(64))) / (double)Math.Min(64, words.Length);
        PromptSizer.Sized sized = PromptSizer.Largest(size.Tokenizer, size.PromptTokens, Fewest, n => Whole(n, 0), Math.Max(0.25, perWord), size.Slack) ?? throw size.TooShort("The shortest coded text", Whole(Fewest, 0));
        // Rounded down, the fourth word may stand as often as the fifth.
        int fitting = sized.Words, dots = 0, tokens = sized.Tokens;
        while (Times(4, fitting) == Times(5, fitting)) fitting--;
        if (fitting < sized.Words) tokens = size.Tokenizer.CountTokens(Whole(fitting, 0));
        if (size.IsShort(tokens))
        {
            PromptSizer.Sized filled = PromptSizer.Largest(size.Tokenizer, size.PromptTokens, 0, more => Whole(fitting, more), 1, size.Slack)!.Value;
            (dots, tokens) = (filled.Words, filled.Tokens);
        }

        return new RulerDraft
        {
            Before = Before,
            Context = Text(words, fitting, dots, order),
            After = Question,
            AnswerPrefix = Prefix,
            Answers = words[1..4],
            Tokens = tokens,
            Properties = new Dictionary<string, string> { ["words"] = words.Length.ToString(CultureInfo.InvariantCulture) },
        };
    }

    private static int Times(int rank, int n) => (int)(n / ((double)rank * rank * Zeta));

    private static string[] Coded(int count, SplitMix64 random)
    {
        List<string> words = [Dots];
        HashSet<string> taken = new(StringComparer.Ordinal);
        while (words.Count < count)
        {
            string word = string.Create(Letters, 0, (span, _) =>
            {
                for (int i = 0; i < span.Length; i++) span[i] = (char)('a' + random.NextInt(26));
            });
            if (taken.Add(word)) words.Add(word);
        }

        return [.. words];
    }

    private static string Text(string[] words, int n, int dots, SplitMix64 order)
    {
        List<string> text = [.. Enumerable.Repeat(Dots, dots)];
        for (int i = 0; i < words.Length; i++) text.AddRange(Enumerable.Repeat(words[i], Times(i + 1, n)));
        order.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(text));
        return string.Join(' ', text);
    }
}
