using System.Globalization;

namespace LongContext.Evaluation.Metrics;

/// <summary>The metrics of HELMET (Yen et al. 2024, arXiv:2410.02694) as its utils.py has them (princeton-nlp/HELMET).</summary>
/// <remarks>
/// Its ruler_recall is <see cref="RulerMetrics.MatchAll(string, IReadOnlyList{string})"/>, and its NDCG@10
/// <see cref="HelmRanking.NormalizedDiscountedCumulativeGain"/> of what <see cref="ParseRankings"/> gives.
/// </remarks>
public static class HelmetMetrics
{
    /// <summary>calculate_metrics of a text as it is.</summary>
    /// <param name="prediction">The text.</param>
    /// <param name="answers">At least one right answer.</param>
    /// <exception cref="ArgumentException">No answer.</exception>
    public static HelmetScores Score(string prediction, IReadOnlyList<string> answers)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(answers);
        string said = Normalize(prediction);
        string[] normal = [.. answers.Select(Normalize)];
        RougeScores[] rouge = [.. answers.Select(answer => GoogleRouge.Score(prediction, answer, stems: true))];
        return new HelmetScores(
            References.Best(normal, answer => said == answer ? 1 : 0),
            References.Best(normal, answer => WordF1(said, answer)),
            References.Best(normal, answer => said.Contains(answer, StringComparison.Ordinal) ? 1 : 0),
            rouge.Max(score => score.RougeL.F1),
            rouge.Max(score => score.RougeL.Recall),
            rouge.Max(score => score.RougeLsum.F1),
            rouge.Max(score => score.RougeLsum.Recall));
    }

    /// <summary>What HELMET reports of a model's output: of each score the higher one of the output as it is and of <see cref="ParseOutput"/>.</summary>
    /// <param name="output">What the model said.</param>
    /// <param name="answers">At least one right answer.</param>
    /// <param name="prefix">What announces the answer. Default: "Answer:".</param>
    /// <exception cref="ArgumentException">No answer.</exception>
    public static HelmetScores ScoreOutput(string output, IReadOnlyList<string> answers, string prefix = "Answer:")
    {
        HelmetScores whole = Score(output, answers);
        HelmetScores parsed = Score(ParseOutput(output, prefix), answers);
        return new HelmetScores(
            Math.Max(whole.ExactMatch, parsed.ExactMatch),
            Math.Max(whole.F1, parsed.F1),
            Math.Max(whole.SubstringExactMatch, parsed.SubstringExactMatch),
            Math.Max(whole.RougeLF1, parsed.RougeLF1),
            Math.Max(whole.RougeLRecall, parsed.RougeLRecall),
            Math.Max(whole.RougeLsumF1, parsed.RougeLsumF1),
            Math.Max(whole.RougeLsumRecall, parsed.RougeLsumRecall));
    }

    /// <summary>
    /// parse_output: what stands after the first prefix on its line, else the first line, without whitespace around it. A prefix that is repeated at its
    /// beginning goes too.
    /// </summary>
    /// <param name="output">What the model said.</param>
    /// <param name="prefix">What announces the answer, case aside. Default: "Answer:". Taken as it stands, not as a regular expression.</param>
    public static string ParseOutput(string output, string prefix = "Answer:")
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(prefix);
        int at = 0;
        while (at + prefix.Length <= output.Length && !StartsWith(output, at, prefix)) at++;
        int start = at + prefix.Length <= output.Length ? at + prefix.Length : 0;
        int end = output.IndexOf('\n', start);
        string line = Words.Trim(end < 0 ? output[start..] : output[start..end]);
        return StartsWith(line, 0, prefix) ? Words.Trim(line[prefix.Length..]) : line;
    }

    /// <summary>
    /// parse_rankings: the longest chain of numbers with &gt; between them, brackets, colons and "ID" aside. The first document of n gets n points, the next
    /// one less; one that is named again keeps its first points.
    /// </summary>
    /// <param name="output">What the model said, such as "[3] &gt; [1] &gt; [2]".</param>
    /// <returns>
    /// Documents with their points in the order of the ranking. Without any number, the whole text is the one document.
    /// </returns>
    public static IReadOnlyList<KeyValuePair<string, double>> ParseRankings(string output)
    {
        ArgumentNullException.ThrowIfNull(output);
        string text = string.Concat(output.Where(c => c is not ('[' or ']' or ':')));
        text = PythonText.ToLower(text).Replace("id", null, StringComparison.Ordinal);
        List<string> longest = [];
        int longestLength = 0;
        for (int at = 0; at < text.Length;)
        {
            if (!PythonNumbers.IsDigit(text, at, out int length))
            {
                at += length;
                continue;
            }

            (List<string> chain, int end) = Chain(text, at);
            // Lengths are Python's: code points.
            int points = CodePoints.Of(text.AsSpan(at, end - at)).Length;
            if (points > longestLength) (longest, longestLength) = (chain, points);
            at = end;
        }

        if (longest.Count == 0) longest = [text];
        return [.. longest.Select((id, index) => KeyValuePair.Create(id, (double)(longest.Count - index))).DistinctBy(pair => pair.Key)];
    }

    /// <summary>The match of (\d+)(?:\s*>\s*(\d+))* that begins at a digit.</summary>
    private static (List<string> Numbers, int End) Chain(string text, int start)
    {
        int end = PythonNumbers.EndOfDigits(text, start);
        List<string> numbers = [text[start..end]];
        while (true)
        {
            int sign = SkipSpaces(text, end);
            if (sign >= text.Length || text[sign] != '>') return (numbers, end);
            int next = SkipSpaces(text, sign + 1);
            int nextEnd = PythonNumbers.EndOfDigits(text, next);
            if (nextEnd == next) return (numbers, end);
            numbers.Add(text[next..nextEnd]);
            end = nextEnd;
        }
    }

    private static int SkipSpaces(string text, int index)
    {
        while (index < text.Length && Words.IsSpace(text[index])) index++;
        return index;
    }

    private static double WordF1(string said, string answer) =>
        said != answer && (said is "yes" or "no" or "noanswer" || answer is "yes" or "no" or "noanswer") ? 0 : BagOverlap.Of(Words.Of(said), Words.Of(answer)).F1;

    private static bool StartsWith(string text, int index, string prefix)
    {
        if (index + prefix.Length > text.Length) return false;
        for (int i = 0; i < prefix.Length; i++)
        {
            if (!EqualIgnoringCase(text[index + i], prefix[i])) return false;
        }

        return true;
    }

    /// <summary>As Python's re ignores case: by single lower-case letters, and four others stand for i, k and s.</summary>
    private static bool EqualIgnoringCase(char first, char second) => Fold(first) == Fold(second);

    private static char Fold(char c) => c switch
    {
        'İ' or 'ı' => 'i',
        '\u212A' => 'k', // the sign for kelvin
        'ſ' => 's',
        _ => char.ToLower(c, CultureInfo.InvariantCulture),
    };

    private static string Normalize(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return SquadNormalization.Normalize(text, WordCharacters.PythonRe);
    }
}
