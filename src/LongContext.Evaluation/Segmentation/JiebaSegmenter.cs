using System.Globalization;
using LongContext.Evaluation.Metrics;

namespace LongContext.Evaluation.Segmentation;

/// <summary>
/// Cuts Chinese text into words as the Python package jieba 0.42.1 does in its default mode (fxsjy/jieba, commit 67fa2e3), with that package's own files, which
/// the user has on disk: what LongBench's Chinese scores are made with.
/// </summary>
/// <remarks>
/// The likeliest way through all words of the dictionary is found by the sum of their log frequencies; what is left as single characters is cut by a hidden
/// Markov model of the places of characters in words. The files are in the package's folder (pip, or Debian's python3-jieba:
/// /usr/lib/python3/dist-packages/jieba): dict.txt and finalseg/prob_start.py, prob_trans.py and prob_emit.py, which are read as data. Safe to
/// use from several threads at once; an instance takes about 30 MB.
/// </remarks>
public sealed class JiebaSegmenter : ITextSegmenter
{
    // The dictionary of jieba 0.42.1.
    private const int OfficialLineCount = 349_046;
    private const long OfficialTotal = 60_101_967;

    private readonly JiebaDictionary dictionary;
    private readonly JiebaModel? model;

    private JiebaSegmenter(JiebaDictionary dictionary, JiebaModel? model)
    {
        this.dictionary = dictionary;
        this.model = model;
        IsComparable = model is not null && dictionary.LineCount == OfficialLineCount && dictionary.Total == OfficialTotal && dictionary.SplitWords.Count == 0;
        string kind = string.Create(CultureInfo.InvariantCulture, $"jieba, dictionary of {dictionary.LineCount} words, {(model is null ? "without" : "with")} model of new words");
        Name = IsComparable ? kind : kind + " (not comparable with published figures, which use jieba 0.42.1 as it comes)";
    }

    /// <inheritdoc />
    public string Name { get; }

    /// <summary>
    /// Whether the dictionary is that of jieba 0.42.1, by its number of words and the sum of their frequencies, without user words and with the model.
    /// </summary>
    public bool IsComparable { get; }

    /// <summary>Reads dictionary and model from the folder of an installed jieba.</summary>
    /// <param name="folder">The package's folder: it holds dict.txt and finalseg.</param>
    /// <exception cref="FileNotFoundException">One of the files is not there.</exception>
    /// <exception cref="InvalidDataException">A file is not of the expected form; the message has file and line.</exception>
    public static JiebaSegmenter Load(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return Load(Path.Combine(folder, "dict.txt"), Path.Combine(folder, "finalseg"));
    }

    /// <summary>Reads a dictionary and, if wanted, a model and a user's words.</summary>
    /// <param name="dictionaryPath">Lines of a word, its frequency and perhaps a tag: jieba's dict.txt or another of that form.</param>
    /// <param name="modelFolder">
    /// The folder of prob_start.py, prob_trans.py and prob_emit.py: jieba's finalseg. Null to leave new words as single characters, jieba's <c>HMM=False</c>, which is
    /// not comparable.
    /// </param>
    /// <param name="userDictionaryPath">Words of the user's in jieba's form, frequency and tag optional. Default null. With them figures are not comparable.</param>
    /// <exception cref="FileNotFoundException">One of the files is not there.</exception>
    /// <exception cref="InvalidDataException">A file is not of the expected form; the message has file and line.</exception>
    public static JiebaSegmenter Load(string dictionaryPath, string? modelFolder, string? userDictionaryPath = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(dictionaryPath);
        Require(dictionaryPath, "jieba's dictionary dict.txt");
        JiebaModel? model = modelFolder is null ? null : JiebaModel.Load(modelFolder);
        if (userDictionaryPath is not null) Require(userDictionaryPath, "a user's dictionary");
        JiebaDictionary dictionary = JiebaDictionary.Load(dictionaryPath);
        if (userDictionaryPath is not null) dictionary.AddUserWords(userDictionaryPath, new JiebaSegmenter(dictionary, model: null).Segment);
        return new JiebaSegmenter(dictionary, model);
    }

    /// <inheritdoc />
    public IReadOnlyList<string> Segment(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<string> pieces = [];
        for (int i = 0; i < text.Length;)
        {
            int end = i;
            while (end < text.Length && JiebaCharacters.IsInBlock(text[end])) end++;
            if (end > i) CutBlock(text[i..end], pieces);
            else pieces.Add(text[i..(end = i + LengthAlone(text, i))]);
            i = end;
        }

        return pieces;
    }

    /// <summary>Outside blocks each code point stands alone; a carriage return and a line feed are one.</summary>
    private static int LengthAlone(string text, int index) =>
        text[index] == '\r' && index + 1 < text.Length && text[index + 1] == '\n' ? 2 : CodePoints.LengthAt(text, index);

    private void CutBlock(string block, List<string> pieces)
    {
        int[] ends = dictionary.BestEnds(block);
        int start = 0, single = 0;
        while (start < block.Length)
        {
            int end = ends[start];
            // Without the model, letters and digits are gathered, but a Chinese character is not.
            if (end - start > 1 || (model is null && !char.IsAsciiLetterOrDigit(block[start])))
            {
                CutSingles(block[single..start], pieces);
                pieces.Add(block[start..end]);
                single = end;
            }

            start = end;
        }

        CutSingles(block[single..], pieces);
    }

    /// <summary>A run of characters that the dictionary left alone.</summary>
    private void CutSingles(string run, List<string> pieces)
    {
        if (run.Length == 0) return;
        if (run.Length == 1 || model is null) pieces.Add(run);
        else if (dictionary.Frequency(run) > 0) pieces.AddRange(CodePoints.Split(run));
        else CutNewWords(run, model, pieces);
    }

    private void CutNewWords(string run, JiebaModel newWords, List<string> pieces)
    {
        for (int i = 0; i < run.Length;)
        {
            int end = i;
            while (end < run.Length && JiebaCharacters.IsHan(run[end])) end++;
            if (end > i)
            {
                string han = run[i..end];
                newWords.Cut(han, (from, to) =>
                {
                    string word = han[from..to];
                    if (dictionary.SplitWords.Contains(word)) pieces.AddRange(CodePoints.Split(word));
                    else pieces.Add(word);
                });
            }
            else
            {
                while (end < run.Length && !JiebaCharacters.IsHan(run[end])) end++;
                CutLatin(run[i..end], pieces);
            }

            i = end;
        }
    }

    /// <summary>Numbers and words of ASCII letters, with a fraction and a per cent sign; what stands between them stays whole.</summary>
    private static void CutLatin(string run, List<string> pieces)
    {
        int start = 0;
        for (int i = 0; i < run.Length;)
        {
            int end = i;
            while (end < run.Length && char.IsAsciiLetterOrDigit(run[end])) end++;
            if (end == i)
            {
                i++;
                continue;
            }

            if (end + 1 < run.Length && run[end] == '.' && char.IsAsciiDigit(run[end + 1]))
            {
                end += 2;
                while (end < run.Length && char.IsAsciiDigit(run[end])) end++;
            }

            if (end < run.Length && run[end] == '%') end++;
            if (i > start) pieces.Add(run[start..i]);
            pieces.Add(run[i..end]);
            start = i = end;
        }

        if (start < run.Length) pieces.Add(run[start..]);
    }

    private static void Require(string path, string what)
    {
        if (!File.Exists(path)) throw new FileNotFoundException($"{path} is not there; expected {what}.", path);
    }
}
