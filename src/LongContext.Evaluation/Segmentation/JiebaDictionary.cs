using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace LongContext.Evaluation.Segmentation;

/// <summary>
/// jieba's dictionary: words with how often they occur, as a tree of characters, so that all words that begin at a place are found on one way down.
/// </summary>
internal sealed partial class JiebaDictionary
{
    private const int Root = 0, CharacterBits = 16;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // A node and the next character → the node below.
    private readonly Dictionary<long, int> children = [];
    private readonly List<long> frequencies = [0];
    private readonly List<double> logFrequencies = [double.NegativeInfinity];

    private JiebaDictionary()
    {
    }

    /// <summary>Number of lines of the dictionary itself; a word may have several, of which the last counts.</summary>
    public int LineCount { get; private set; }

    /// <summary>Sum of all lines' frequencies, those of user words included.</summary>
    public long Total { get; private set; }

    /// <summary>User words of frequency 0, which are always cut into characters.</summary>
    public HashSet<string> SplitWords { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads lines of a word, its frequency and, if wanted, a tag, with a space between.</summary>
    /// <exception cref="InvalidDataException">A line that is none of these, or no word at all; the message has file and line.</exception>
    public static JiebaDictionary Load(string path)
    {
        var dictionary = new JiebaDictionary();
        ReadLines(path, line =>
        {
            string[] fields = line.Split(' ');
            if (fields.Length < 2 || fields[0].Length == 0 || !long.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out long frequency))
                throw new InvalidDataException($"found \"{Shortened(line)}\", expected a word, its frequency and perhaps a tag, with one space between.");
            dictionary.Add(fields[0], frequency);
            dictionary.LineCount++;
        });
        if (dictionary.Total == 0) throw new InvalidDataException($"{path}: found no word with a frequency above 0, expected a dictionary of jieba's.");
        return dictionary;
    }

    /// <summary>
    /// Reads a user's words in jieba's form: a word, and if wanted its frequency and a tag. A word without a frequency gets the least with which it stays whole.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="cut">Cuts a word by this dictionary as it is, without a model.</param>
    public void AddUserWords(string path, Func<string, IReadOnlyList<string>> cut)
    {
        ReadLines(path, line =>
        {
            if (line.Length == 0) return;
            Match match = UserWord().Match(line);
            string word = match.Groups[1].Value;
            long frequency;
            if (!match.Groups[2].Success) frequency = Suggest(word, cut(word));
            else if (!long.TryParse(match.Groups[2].ValueSpan[1..], NumberStyles.None, CultureInfo.InvariantCulture, out frequency))
                throw new InvalidDataException($"found the frequency{match.Groups[2].Value}, expected one below 2^63.");
            Add(word, frequency);
            if (frequency == 0) SplitWords.Add(word);
        });
    }

    /// <summary>How often a word occurs; 0 for what is none, and what only begins one.</summary>
    public long Frequency(ReadOnlySpan<char> word) => Find(word) is { } node ? frequencies[node] : 0;

    /// <summary>
    /// The likeliest way to cut a text: for each place, where the piece that begins there ends, so that the sum of log(frequency / total) over the pieces is
    /// greatest; of equals the longest piece.
    /// </summary>
    public int[] BestEnds(ReadOnlySpan<char> text)
    {
        int[] ends = new int[text.Length];
        double[] best = new double[text.Length + 1];
        double logTotal = Math.Log(Total);
        for (int start = text.Length - 1; start >= 0; start--)
        {
            best[start] = double.NegativeInfinity;
            int node = Root;
            for (int end = start; end < text.Length && children.TryGetValue(Key(node, text[end]), out node); end++)
            {
                if (frequencies[node] == 0) continue;
                double value = logFrequencies[node] - logTotal + best[end + 1];
                if (value >= best[start]) (best[start], ends[start]) = (value, end + 1);
            }

            // A character that begins no word stands alone, with a frequency of 1.
            if (ends[start] == 0) (best[start], ends[start]) = (0 - logTotal + best[start + 1], start + 1);
        }

        return ends;
    }

    /// <summary>jieba's suggest_freq: one more than what the product of the pieces' shares makes expect, or what the word has.</summary>
    private long Suggest(string word, IReadOnlyList<string> pieces)
    {
        double share = 1;
        foreach (string piece in pieces) share *= (Find(piece) is { } node ? frequencies[node] : 1) / (double)Total;
        return Math.Max((long)(share * Total) + 1, Find(word) is { } own ? frequencies[own] : 1);
    }

    private int? Find(ReadOnlySpan<char> word)
    {
        int node = Root;
        foreach (char c in word)
        {
            if (!children.TryGetValue(Key(node, c), out node)) return null;
        }

        return node;
    }

    private void Add(string word, long frequency)
    {
        int node = Root;
        foreach (char c in word)
        {
            if (!children.TryGetValue(Key(node, c), out int below))
            {
                children[Key(node, c)] = below = frequencies.Count;
                frequencies.Add(0);
                logFrequencies.Add(double.NegativeInfinity);
            }

            node = below;
        }

        (frequencies[node], logFrequencies[node]) = (frequency, Math.Log(frequency));
        if (frequency > long.MaxValue - Total) throw new InvalidDataException("the frequencies' sum is above 2^63.");
        Total += frequency;
    }

    private static void ReadLines(string path, Action<string> read)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int number = 1;
        for (int start = 0; start < bytes.Length; number++)
        {
            int length = bytes.AsSpan(start).IndexOf((byte)'\n');
            if (length < 0) length = bytes.Length - start;
            ReadOnlySpan<byte> line = bytes.AsSpan(start, length).Trim(" \t\r\v\f"u8);
            if (number == 1 && line.StartsWith("\uFEFF"u8)) line = line["\uFEFF"u8.Length..];
            try
            {
                read(StrictUtf8.GetString(line));
            }
            catch (Exception fault) when (fault is DecoderFallbackException or InvalidDataException)
            {
                string what = fault is DecoderFallbackException ? "found bytes that are no UTF-8, expected UTF-8." : fault.Message;
                throw new InvalidDataException($"{path}, line {number}: {what}", fault);
            }

            start += length + 1;
        }
    }

    private static string Shortened(string line) => line.Length <= 60 ? line : line[..60] + "…";

    private static long Key(int node, char c) => ((long)node << CharacterBits) | c;

    [GeneratedRegex("^(.+?)( [0-9]+)?( [a-z]+)?$", RegexOptions.CultureInvariant)]
    private static partial Regex UserWord();
}
