using System.Buffers;
using System.Globalization;
using System.Numerics;

namespace LongContext.Evaluation.Metrics;

/// <summary>
/// The scores of InfiniteBench's twelve tasks as its compute_scores.py has them (Zhang et al. 2024, arXiv:2402.13718; OpenBMB/InfiniteBench): 0 or 1, and
/// 0 to 1 for F1, ROUGE and the share of a calculation.
/// </summary>
public static partial class InfiniteBenchMetrics
{
    // What is blanked before an answer is cut into words, task by task.
    private static readonly SearchValues<char> RetrievalMarks = SearchValues.Create("\n:\"'.,?!{}"), CodeMarks = SearchValues.Create("\n.`'\":");
    private static readonly SearchValues<char> DebugMarks = SearchValues.Create("\n`'\"-*"), ChoiceMarks = SearchValues.Create("\n\"'.,?!{}");

    private static readonly string[] DebugPrefixes = ["answer is:", "is:", "answer:", "correct option is:"];
    private static readonly string[] ChoicePrefixes = ["answer is:", "answer:", "answer is", "option is"];

    /// <summary>passkey and number_string: the first run of ASCII digits is the number, as text: "0012" is not "12".</summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="number">The number's digits.</param>
    public static double NumberRetrieval(string prediction, string number)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(number);
        return AsciiNumbers(prediction).FirstOrDefault(string.Empty) == number ? 1 : 0;
    }

    /// <summary>kv_retrieval: the value is one of the words when <c>: " ' . , ? ! { }</c> are taken for blanks.</summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="value">The key's value.</param>
    public static double KeyValueRetrieval(string prediction, string value)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(value);
        return Words.Of(Blank(prediction, RetrievalMarks)).Contains(value) ? 1 : 0;
    }

    /// <summary>longdialogue_qa_eng: the name is one of the words in upper-case, cut as above. A name of two words is never found.</summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="name">The name in upper-case.</param>
    public static double DialogueQuestions(string prediction, string name)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(name);
        return Words.Of(Blank(prediction, RetrievalMarks)).Any(word => PythonText.ToUpper(word) == name) ? 1 : 0;
    }

    /// <summary>code_run: the last word is the number, <c>. ` ' " :</c> being taken for blanks. Python's int() reads it, which also takes "1_000" and digits of other scripts.</summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="result">What the function returns.</param>
    public static double CodeRun(string prediction, BigInteger result)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        return LastWordAsInteger(prediction) is { } said && said == result ? 1 : 0;
    }

    /// <summary>
    /// code_debug: the answer begins with the letter and a full stop or colon, or the letter or the function's name stands one character after the first of
    /// "answer is:", "is:", "answer:" and "correct option is:" that occurs at all, in that order of preference.
    /// </summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="function">The right function's name.</param>
    /// <param name="letter">The right option's letter.</param>
    public static double CodeDebug(string prediction, string function, string letter)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(letter);
        string said = Words.Trim(prediction);
        int two = said.Length == 0 ? 0 : PythonNumbers.LengthAt(said, 0);
        if (two < said.Length) two += PythonNumbers.LengthAt(said, two);
        if (said[..two] is var start && (start == letter + "." || start == letter + ":")) return 1;
        said = Blank(said, DebugMarks).Replace("Option", " ", StringComparison.Ordinal).Replace("option", " ", StringComparison.Ordinal);
        return AfterPrefix(SingleBlanks(said), DebugPrefixes) is { } rest && StartsWithAny(rest, [letter, function]) ? 1 : 0;
    }

    /// <summary>
    /// longbook_choice_eng: the answer's first character where that is A, B, C or D; else the whole answer; else what stands one character after "answer is:",
    /// "answer:", "answer is" or "option is"; else the first word that is A, B, C or D or a few of them in a row.
    /// </summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="accepted">The right option's text and letter.</param>
    public static double BookChoice(string prediction, IReadOnlyList<string> accepted)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(accepted);
        return BookChoice(prediction, accepted, accepted.Contains);
    }

    /// <summary>longbook_qa_eng: word F1 in SQuAD's normal form, the highest over the answers; 0 without one.</summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="answers">Right answers.</param>
    public static double BookQuestions(string prediction, IReadOnlyList<string> answers) =>
        F1(prediction, answers, static text => Words.Of(SquadNormalization.Normalize(text, WordCharacters.PythonRe)));

    /// <summary>longbook_qa_chn: F1 of characters without punctuation and whitespace, the highest over the answers; 0 without one.</summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="answers">Right answers.</param>
    public static double ChineseBookQuestions(string prediction, IReadOnlyList<string> answers) =>
        F1(prediction, answers, static text => CodePoints.Of(SquadNormalization.NormalizeChinese(text)));

    /// <summary>longbook_sum_eng: Google's ROUGE-Lsum without stemming, F1, the highest over the references.</summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="references">At least one summary.</param>
    /// <exception cref="ArgumentException">No reference.</exception>
    public static double BookSummary(string prediction, IReadOnlyList<string> references) => GoogleRouge.Score(prediction, references).RougeLsum.F1;

    /// <summary>math_find for a whole number: the first number of the answer is it.</summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="number">The number.</param>
    /// <exception cref="FormatException">
    /// The first number has a decimal part. The official program fails there too, with ValueError.
    /// </exception>
    public static double MathFind(string prediction, long number)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        return FindInteger(prediction, number);
    }

    /// <summary>math_find for a number with a decimal part: the first number of the answer is it.</summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="number">The number.</param>
    public static double MathFind(string prediction, double number)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        return FirstNumber(prediction) is { } first && double.Parse(PythonNumbers.ToAsciiDigits(first), CultureInfo.InvariantCulture) == number ? 1 : 0;
    }

    /// <summary>math_calc: how many of the numbers are right from the first on, as a share. Numbers are runs of ASCII digits; signs do not count.</summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="numbers">The right numbers, at least one.</param>
    /// <param name="skipsFirst">
    /// Whether the answer's first number is passed over, as the program does for GPT-4, which repeats the calculation's first value. Default: false.
    /// </param>
    /// <exception cref="ArgumentException">No number.</exception>
    /// <exception cref="FormatException">The answer has a number of more than 4,300 digits. The official program fails there too.</exception>
    public static double MathCalculation(string prediction, IReadOnlyList<BigInteger> numbers, bool skipsFirst = false)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(numbers);
        return MathCalculation(prediction, [.. numbers.Select(number => (Func<BigInteger, bool>)number.Equals)], skipsFirst);
    }

    private static double FindInteger(string prediction, BigInteger number) =>
        FirstNumber(prediction) is { } first && PythonNumbers.ParseInteger(first) == number ? 1 : 0;

    private static double MathCalculation(string prediction, Func<BigInteger, bool>[] numbers, bool skipsFirst)
    {
        if (numbers.Length == 0) throw new ArgumentException("There is no number to score against.", nameof(numbers));
        // All of them, so that a number that is too long fails wherever it stands.
        BigInteger[] said = [.. AsciiNumbers(prediction).Select(PythonNumbers.ParseInteger).Skip(skipsFirst ? 1 : 0)];
        return said.Zip(numbers, (number, isRight) => isRight(number)).TakeWhile(right => right).Count() / (double)numbers.Length;
    }

    private static double BookChoice(string prediction, IReadOnlyList<string> accepted, Func<string, bool> isAccepted)
    {
        string said = Words.Trim(prediction);
        if (said.Length == 0) return 0;
        if (said[0] is >= 'A' and <= 'D') return isAccepted(said[..1]) ? 1 : 0;
        if (isAccepted(said)) return 1;
        said = SingleBlanks(Blank(said, ChoiceMarks));
        if (ChoicePrefixes.Any(prefix => said.Contains(prefix, StringComparison.Ordinal)))
        {
            return AfterPrefix(said, ChoicePrefixes) is { } rest && StartsWithAny(rest, accepted) ? 1 : 0;
        }

        // The program asks whether the word is part of "ABCD".
        string? letters = Words.Of(said).FirstOrDefault(word => "ABCD".Contains(word, StringComparison.Ordinal));
        return letters is not null && isAccepted(letters) ? 1 : 0;
    }

    private static double F1<T>(string prediction, IReadOnlyList<string> answers, Func<string, T[]> units)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(answers);
        T[] said = units(prediction);
        return answers.Select(answer => BagOverlap.Of(said, units(answer)).F1).DefaultIfEmpty(0).Max();
    }

    private static BigInteger? LastWordAsInteger(string prediction) =>
        Words.Of(Blank(prediction, CodeMarks)) is [.., var last] && PythonNumbers.TryParseInteger(last, out BigInteger said) ? said : null;

    /// <summary>What stands one character after the first of the prefixes that occurs; null where none does or nothing follows it.</summary>
    private static string? AfterPrefix(string text, string[] prefixes)
    {
        foreach (string prefix in prefixes)
        {
            int at = text.IndexOf(prefix, StringComparison.Ordinal);
            if (at < 0) continue;
            int end = at + prefix.Length;
            return end < text.Length ? text[(end + PythonNumbers.LengthAt(text, end))..] : null;
        }

        return null;
    }

    private static bool StartsWithAny(string text, IReadOnlyList<string> beginnings) => beginnings.Any(one => text.StartsWith(one, StringComparison.Ordinal));

    private static string Blank(string text, SearchValues<char> marks) =>
        string.Create(text.Length, (text, marks), static (target, state) => state.text.AsSpan().ReplaceAny(target, state.marks, ' '));

    private static string SingleBlanks(string text)
    {
        while (text.Contains("  ", StringComparison.Ordinal)) text = text.Replace("  ", " ", StringComparison.Ordinal);
        return text;
    }

    /// <summary>The first match of \d+\.\d+|\d+, or null.</summary>
    private static string? FirstNumber(string text)
    {
        for (int at = 0; at < text.Length; at += PythonNumbers.LengthAt(text, at))
        {
            int end = PythonNumbers.EndOfDigits(text, at);
            if (end == at) continue;
            bool hasFraction = end < text.Length && text[end] == '.' && PythonNumbers.IsDigit(text, end + 1, out _);
            return hasFraction ? text[at..PythonNumbers.EndOfDigits(text, end + 1)] : text[at..end];
        }

        return null;
    }

    private static IEnumerable<string> AsciiNumbers(string text)
    {
        for (int at = 0; at < text.Length; at++)
        {
            int start = at;
            while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
            if (at > start) yield return text[start..at];
        }
    }
}
