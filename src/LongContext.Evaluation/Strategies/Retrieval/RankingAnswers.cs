using System.Globalization;
using System.Text.RegularExpressions;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Reads what ranking models answer.</summary>
internal static partial class RankingAnswers
{
    /// <summary>A ranking of numbers 1 to count, as places from 0; null where there is none to be read.</summary>
    /// <remarks>
    /// Of all rows of numbers with nothing but &gt;, commas and the like between them the one with the most different valid numbers counts, of equal ones the last: a
    /// model that explains itself does so before its ranking. A lone number counts in brackets or where the answer is nothing else. Numbers that are named again or
    /// that there are not are left out; those not named follow in the order they had.
    /// </remarks>
    public static int[]? Ranking(string answer, int count)
    {
        List<int> best = [];
        string text = ListMarks().Replace(WithoutThoughts(answer), string.Empty);
        foreach (Match row in Rows().Matches(text))
        {
            List<int> numbers = [];
            foreach (Match match in Numbers().Matches(row.Value))
            {
                if (int.TryParse(match.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= 1 && number <= count && !numbers.Contains(number - 1))
                    numbers.Add(number - 1);
            }

            bool counts = numbers.Count > 1 || (numbers.Count == 1 && (row.Value.Contains('[', StringComparison.Ordinal) || row.Value.Trim() == text.Trim()));
            if (counts && numbers.Count >= best.Count) best = numbers;
        }

        return best.Count == 0 ? null : [.. best, .. Enumerable.Range(0, count).Except(best)];
    }

    /// <summary>A score from 0 to the highest: the last such number of the answer, in double brackets or after "score" where there is one; null where there is none.</summary>
    public static double? Score(string answer, int highest)
    {
        string text = Scales().Replace(WithoutThoughts(answer), " ");
        foreach (Regex form in (Regex[])[Marked(), Named(), Decimals()])
        {
            Match? found = form.Matches(text).LastOrDefault(match => Value(match) is { } value && value >= 0 && value <= highest);
            if (found is not null) return Value(found);
        }

        return null;

        static double? Value(Match match) =>
            double.TryParse(match.Groups["value"].Value, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out double value) ? value : null;
    }

    /// <summary>What a model says after thinking aloud; nothing where the answer was cut before it had done so.</summary>
    private static string WithoutThoughts(string answer)
    {
        int end = answer.LastIndexOf("</think>", StringComparison.OrdinalIgnoreCase);
        string said = end < 0 ? answer : answer[(end + "</think>".Length)..];
        int start = said.IndexOf("<think>", StringComparison.OrdinalIgnoreCase);
        return start < 0 ? said : said[..start];
    }

    [GeneratedRegex(@"[\[(]?[0-9]+[\])]?(?:[\s>,;=\[\]()→]{1,16}[0-9]+[\])]?)*", RegexOptions.CultureInvariant)]
    private static partial Regex Rows();

    /// <summary>The "1. " before an entry of a numbered list.</summary>
    [GeneratedRegex(@"^[ \t]*[0-9]{1,9}[.):][ \t]+(?=[\[(]?(?:Passage )?[\[(]?[0-9])", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex ListMarks();

    /// <summary>What a score is out of, which is none: "/10" and "out of 10" behind a number, "0 to 10".</summary>
    [GeneratedRegex(
        @"(?<=[0-9]\s{0,3})(?:/|\b(?:out\s{1,3})?of\b)\s{0,3}[0-9]+(?:\.[0-9]+)?|(?<![0-9.])[01]\s{0,3}(?:to|-|\u2013|\u2014)\s{0,3}[0-9]+(?![0-9])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Scales();

    [GeneratedRegex("[0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex Numbers();

    [GeneratedRegex(@"\[\[\s*(?<value>-?[0-9]+(?:\.[0-9]+)?)\s*\]\]", RegexOptions.CultureInvariant)]
    private static partial Regex Marked();

    [GeneratedRegex(@"(?:score|rating|relevance)\W{1,6}(?<value>-?[0-9]+(?:\.[0-9]+)?)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Named();

    [GeneratedRegex(@"(?<![0-9.\-/])(?<value>-?[0-9]+(?:\.[0-9]+)?)(?![0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex Decimals();
}
