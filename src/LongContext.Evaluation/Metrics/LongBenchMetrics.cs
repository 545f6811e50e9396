using LongContext.Evaluation.Segmentation;

namespace LongContext.Evaluation.Metrics;

/// <summary>
/// The metrics of LongBench for one prediction and one reference, each 0 to 1 (Bai et al. 2024, arXiv:2308.14508; THUDM/LongBench, commit 2e00731,
/// metrics.py). Where there are several references the best counts: see <see cref="LongBenchScorer"/>.
/// </summary>
public static class LongBenchMetrics
{
    private const string EnglishParagraph = "Paragraph ", ChineseParagraph = "段落";

    // eval.py's functions on the way to the ROUGE package: the scorer and the metric, and one more for Chinese.
    private const int RougeCallers = 2, ChineseRougeCallers = 3;

    /// <summary>
    /// F1 of the words, both sides in SQuAD's normal form (lower-case, no ASCII punctuation, no articles): qa_f1_score. 0 where they share none, also for
    /// two that are empty in that form.
    /// </summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="reference">A right answer.</param>
    public static double QaF1(string prediction, string reference)
    {
        Check(prediction, reference);
        return WordOverlap.F1(Normalized(prediction), Normalized(reference));

        static string[] Normalized(string text) => Words.Of(SquadNormalization.Normalize(text, WordCharacters.PythonRe));
    }

    /// <summary>
    /// F1 of the words that a segmenter finds: qa_f1_zh_score. Each word is put in lower-case, its ASCII and Chinese punctuation and its whitespace deleted; words
    /// of which nothing is left do not count.
    /// </summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="reference">A right answer.</param>
    /// <param name="segmenter">Finds the words; jieba in the official script.</param>
    public static double QaF1Chinese(string prediction, string reference, ITextSegmenter segmenter)
    {
        Check(prediction, reference);
        ArgumentNullException.ThrowIfNull(segmenter);
        return WordOverlap.F1(Normalized(prediction), Normalized(reference));

        string[] Normalized(string text) => [.. segmenter.Segment(text).Select(SquadNormalization.NormalizeChinese).Where(word => word.Length > 0)];
    }

    /// <summary>F1 of pltrdy's ROUGE-L (<see cref="PltrdyRouge"/>): rouge_score. 0 where that package fails, as for a text without a sentence.</summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="reference">A right answer.</param>
    /// <param name="recursionLimit">Whether long sentences score 0, as officially by CPython's recursion limit. Default false.</param>
    public static double RougeL(string prediction, string reference, bool recursionLimit = false)
    {
        Check(prediction, reference);
        return PltrdyRouge.TryRougeL(prediction, reference, recursionLimit ? RougeCallers : null)?.F1 ?? 0;
    }

    /// <summary>F1 of pltrdy's ROUGE-L over the words that a segmenter finds, joined by spaces: rouge_zh_score.</summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="reference">A right answer.</param>
    /// <param name="segmenter">Finds the words; jieba in the official script.</param>
    /// <param name="recursionLimit">
    /// Whether long sentences score 0, as officially by CPython's recursion limit; the Chinese full stop ends no sentence here. Default false.
    /// </param>
    public static double RougeLChinese(string prediction, string reference, ITextSegmenter segmenter, bool recursionLimit = false)
    {
        Check(prediction, reference);
        ArgumentNullException.ThrowIfNull(segmenter);
        string said = string.Join(' ', segmenter.Segment(prediction)), wanted = string.Join(' ', segmenter.Segment(reference));
        return PltrdyRouge.TryRougeL(said, wanted, recursionLimit ? ChineseRougeCallers : null)?.F1 ?? 0;
    }

    /// <summary>
    /// One over the number of classes that the prediction names, if the right one is among them, else 0: classification_score. A class whose name is a part of
    /// the right one's does not count, save that the official loop, which takes it out of the list it walks, then passes over the class after it.
    /// </summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="reference">The right class.</param>
    /// <param name="allClasses">All classes.</param>
    public static double Classification(string prediction, string reference, IReadOnlyList<string> allClasses)
    {
        Check(prediction, reference);
        ArgumentNullException.ThrowIfNull(allClasses);
        List<string> named = [.. allClasses.Where(name => prediction.Contains(name, StringComparison.Ordinal))];
        for (int i = 0; i < named.Count; i++)
        {
            string name = named[i];
            // The first of that name goes, and the next one moves to where the walk has been.
            if (name != reference && reference.Contains(name, StringComparison.Ordinal)) named.Remove(name);
        }

        return named.Contains(reference, StringComparer.Ordinal) ? 1.0 / named.Count : 0;
    }

    /// <summary>
    /// Share of the numbers in the prediction that are the one after "Paragraph " in the reference, digit by digit; 0 without a number: retrieval_score.
    /// </summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="reference">The right answer, as "Paragraph 12".</param>
    /// <exception cref="ArgumentException">The reference names no paragraph; the official script fails.</exception>
    public static double Retrieval(string prediction, string reference) => ShareOfParagraph(prediction, reference, EnglishParagraph);

    /// <summary>The same with the number after "段落" in the reference: retrieval_zh_score.</summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="reference">The right answer, as "段落12".</param>
    /// <exception cref="ArgumentException">The reference names no paragraph; the official script fails.</exception>
    public static double RetrievalChinese(string prediction, string reference) => ShareOfParagraph(prediction, reference, ChineseParagraph);

    /// <summary>Share of the numbers in the prediction that are the reference, digit by digit; 0 without a number: count_score.</summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="reference">The right number.</param>
    public static double Count(string prediction, string reference)
    {
        Check(prediction, reference);
        return ShareOfNumber(prediction, reference);
    }

    /// <summary>
    /// fuzzywuzzy's ratio, in steps of 0.01, of a line of code with the prediction's first line that has no backtick, no # and no //: code_sim_score. 1 for
    /// equal lines, else 0 where one is empty.
    /// </summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="reference">The right line.</param>
    /// <param name="variant">What fuzzywuzzy computes with. Default <see cref="CodeSimilarityVariant.Difflib"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such variant.</exception>
    public static double CodeSimilarity(string prediction, string reference, CodeSimilarityVariant variant = CodeSimilarityVariant.Difflib)
    {
        Check(prediction, reference);
        CheckVariant(variant, nameof(variant));
        return FuzzyRatio.Of(FirstLineOfCode(prediction), reference, variant) / 100.0;
    }

    internal static void CheckVariant(CodeSimilarityVariant variant, string parameter)
    {
        if (!Enum.IsDefined(variant)) throw new ArgumentOutOfRangeException(parameter, variant, "There is no such variant of code similarity.");
    }

    /// <summary>A metric by its name, with what it needs.</summary>
    internal static double Score(
        LongBenchMetric metric, string dataSet, string prediction, string reference, IReadOnlyList<string>? allClasses, LongBenchScoringOptions options)
    {
        return metric switch
        {
            LongBenchMetric.QaF1 => QaF1(prediction, reference),
            LongBenchMetric.QaF1Chinese => QaF1Chinese(prediction, reference, Segmenter()),
            LongBenchMetric.RougeL => RougeL(prediction, reference, options.RecursionLimit),
            LongBenchMetric.RougeLChinese => RougeLChinese(prediction, reference, Segmenter(), options.RecursionLimit),
            LongBenchMetric.Classification => Classification(prediction, reference, Classes()),
            LongBenchMetric.Retrieval => Retrieval(prediction, reference),
            LongBenchMetric.RetrievalChinese => RetrievalChinese(prediction, reference),
            LongBenchMetric.Count => Count(prediction, reference),
            _ => CodeSimilarity(prediction, reference, options.CodeSimilarity),
        };

        ITextSegmenter Segmenter() => options.Segmenter
            ?? throw new ArgumentException($"{dataSet} needs a segmenter of Chinese; {nameof(LongBenchScoringOptions)} has none.", nameof(options));

        IReadOnlyList<string> Classes() => allClasses
            ?? throw new ArgumentException($"{dataSet} needs all its classes: the field all_classes of its records.", nameof(allClasses));
    }

    private static string FirstLineOfCode(string prediction) =>
        Array.Find(prediction.TrimStart('\n').Split('\n'), line => !line.Contains('`') && !line.Contains('#') && !line.Contains("//", StringComparison.Ordinal)) ?? "";

    private static double ShareOfParagraph(string prediction, string reference, string before)
    {
        Check(prediction, reference);
        string number = DigitRuns.FirstAfter(reference, before)
            ?? throw new ArgumentException($"The reference names no paragraph: found \"{reference}\", expected \"{before}\" and a number.", nameof(reference));
        return ShareOfNumber(prediction, number);
    }

    private static double ShareOfNumber(string prediction, string number)
    {
        List<string> numbers = DigitRuns.Of(prediction);
        return numbers.Count == 0 ? 0 : (double)numbers.Count(one => one == number) / numbers.Count;
    }

    private static void Check(string prediction, string reference)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(reference);
    }
}
