using System.Globalization;
using System.Text;
using LongContext.Data;
using LongContext.Data.Making;

namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>
/// Common words (common_words_extraction.py): a numbered list in random order in which ten words stand 30 times each and all others 3 times (6 times and once in lengths below
/// 4,096), after a solved example with 40 words, 10 and 3 times (20 words, 3 times and once).
/// </summary>
internal sealed class RulerCommonWords(RulerVocabulary vocabulary, int seed, bool solvedExample) : RulerGenerator
{
    private const int CommonCount = 10;
    private const int ShortLength = 4_096;
    private const int Sample = 64; // words to guess from how many fit
    private const string Before = "Below is a numbered list of words. In these words, some appear more often than others. Memorize the ones that appear most often.\n";
    private const string Question = "\nQuestion: What are the 10 most common words in the above list?";
    private const string Prefix = " Answer: The top 10 words that appear most often in the list are:";

    public override int NewTokens => 120;

    public override string Identity => Settings.Text("cwe", seed, vocabulary.Identity, solvedExample ? 1 : 0);

    public override IEnumerable<string> Deviations =>
        [.. TaskDeviations.Where(vocabulary.IsBuiltIn, "lists of the library's own words"), .. TaskDeviations.Where(!solvedExample, "without the solved example")];

    public override RulerDraft Make(RulerSize size, int index)
    {
        SplitMix64 random = new(seed, Number(size, index)), orderSeed = new(random.Next());
        string[] singles = vocabulary.Shuffled(ref random);
        string[] common = Common(singles);
        bool isShort = size.Length < ShortLength;
        (int often, int seldom) = isShort ? (6, 1) : (30, 3);
        string before = (solvedExample ? Solved([.. singles.Except(common, StringComparer.Ordinal)], isShort, random.Next()) : "") + Before;
        using WordRow row = new([.. common, .. singles.Except(common, StringComparer.Ordinal)], vocabulary.Pairs(new SplitMix64(random.Next())), vocabulary.Count);
        string List(int count) => Numbered(row.Take(count), often, seldom, orderSeed);
        string Whole(int count) => before + List(count) + Question + Prefix;

        double perWord = seldom * PerEntry(size, row, seldom);
        PromptSizer.Sized sized = PromptSizer.Largest(size.Tokenizer, size.PromptTokens, CommonCount, Whole, Math.Max(0.25, perWord), size.Slack)
            ?? throw size.TooShort("A list of ten words with its example", Whole(CommonCount));
        return new RulerDraft
        {
            Before = before,
            Context = List(sized.Words),
            After = Question,
            AnswerPrefix = Prefix,
            Answers = common,
            Tokens = sized.Tokens,
            Properties = new Dictionary<string, string> { ["words"] = sized.Words.ToString(CultureInfo.InvariantCulture) },
        };
    }

    /// <summary>Tokens of an entry, of words from all of the list (pairs, which come last, have more) and with numbers of as many digits as most have.</summary>
    private static double PerEntry(RulerSize size, WordRow row, int seldom)
    {
        double tokens = 8;
        for (int round = 0; round < 3; round++)
        {
            int entries = (int)(size.PromptTokens / tokens), count = Math.Clamp(entries / seldom, Sample, row.Most);
            List<string> words = row.Take(count);
            string text = string.Join(' ', Enumerable.Range(0, Sample).Select(i => string.Create(CultureInfo.InvariantCulture, $"{(entries * 3 / 5) + i}. {words[(int)((long)i * count / Sample)]}")));
            tokens = Math.Max(0.25, size.Tokenizer.CountTokens(text) / (double)Sample);
        }

        return tokens;
    }

    /// <summary>The first ten of which none is within another: an answer would hold both at once.</summary>
    private static string[] Common(string[] words)
    {
        List<string> common = [];
        foreach (string word in words)
        {
            if (common.Count == CommonCount) break;
            if (!common.Exists(other => other.Contains(word, StringComparison.OrdinalIgnoreCase) || word.Contains(other, StringComparison.OrdinalIgnoreCase))) common.Add(word);
        }

        // Words of the user's that all lie within each other: then any will do.
        common.AddRange(words.Except(common, StringComparer.Ordinal).Take(CommonCount - common.Count));
        return [.. common];
    }

    private static string Solved(string[] words, bool isShort, ulong order)
    {
        (int count, int often, int seldom) = isShort ? (20, 3, 1) : (40, 10, 3);
        string[] common = Common(words);
        List<string> shown = [.. common, .. words.Except(common, StringComparer.Ordinal).Take(count - CommonCount)];
        string answer = string.Join(' ', shown.Take(CommonCount).Select((word, i) => string.Create(CultureInfo.InvariantCulture, $"{i + 1}. {word}")));
        return $"{Before}{Numbered(shown, often, seldom, new SplitMix64(order))}{Question}{Prefix} {answer}\n";
    }

    private static string Numbered(List<string> words, int often, int seldom, SplitMix64 random)
    {
        List<int> order = new((CommonCount * often) + (words.Count * seldom));
        for (int i = 0; i < words.Count; i++) order.AddRange(Enumerable.Repeat(i, i < CommonCount ? often : seldom));
        random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(order));
        StringBuilder text = new();
        for (int i = 0; i < order.Count; i++) text.Append(CultureInfo.InvariantCulture, $"{(i == 0 ? "" : " ")}{i + 1}. {words[order[i]]}");
        return text.ToString();
    }

    /// <summary>Words, as many as are asked for.</summary>
    private sealed class WordRow(List<string> words, IEnumerable<string> more, int most) : IDisposable
    {
        private readonly IEnumerator<string> rest = more.GetEnumerator();

        /// <summary>How many there are.</summary>
        public int Most => most;

        public List<string> Take(int count)
        {
            while (words.Count < count)
            {
                if (!rest.MoveNext()) throw new ArgumentException($"{nameof(RulerOptions)}.{nameof(RulerOptions.CommonWords)} and pairs of them are {words.Count} words, expected at least {count}.");
                words.Add(rest.Current);
            }

            return words.GetRange(0, count);
        }

        public void Dispose() => rest.Dispose();
    }
}
