using System.Text;

namespace LongContext.Evaluation.Metrics;

/// <summary>Numbers as texts write them, as the words that <see cref="AnswerWords"/> compares.</summary>
/// <remarks>
/// Commas between groups of three digits are left out: 1,820 is 1820, and so is a list of two or more numbers of three digits that is written without spaces, which nothing tells apart from it.
/// One comma before one or two digits, or behind a lone 0, is a decimal point (17,5 is 17.5) unless brackets stand around both numbers ([3,7]). All other commas stand between numbers. One point is
/// a decimal point; where there are more, as in dates, versions and addresses, every number between them is a word.
/// </remarks>
internal static class AnswerNumbers
{
    /// <summary>Reads what begins with a digit.</summary>
    /// <param name="text">The text.</param>
    /// <param name="at">Where the first digit is.</param>
    /// <param name="word">The number's sign, if any, and then the last number that was read.</param>
    /// <param name="words">Gets the numbers before the last one.</param>
    /// <returns>Where the numbers end.</returns>
    public static int Read(string text, int at, StringBuilder word, List<string> words)
    {
        int begin = at - word.Length, end = at;
        List<string> groups = Groups(text, ',', ref end);
        if (groups.Count > 1 && IsThousands(groups))
        {
            word.AppendJoin(null, groups);
        }
        else if (groups.Count == 2 && (groups[1].Length <= 2 || groups[0] == "0") && !IsPointAt(text, end) && !IsInBrackets(text, begin, end))
        {
            word.Append(groups[0]).Append('.').Append(groups[1]);
            return end;
        }
        else
        {
            AddEach(groups);
        }

        // The last number's digits are read already; its points come now.
        if (!IsPointAt(text, end)) return end;
        end++;
        List<string> parts = Groups(text, '.', ref end);
        if (parts.Count == 1)
        {
            word.Append('.').Append(parts[0]);
            return end;
        }

        words.Add(word.ToString());
        word.Clear();
        AddEach(parts);
        return end;

        void AddEach(List<string> numbers)
        {
            for (int i = 0; i < numbers.Count; i++)
            {
                word.Append(numbers[i]);
                if (i == numbers.Count - 1) return;
                words.Add(word.ToString());
                word.Clear();
            }
        }
    }

    public static bool IsDigitAt(string text, int at) => at < text.Length && text[at] is >= '0' and <= '9';

    /// <summary>Digits with one separator between each two runs of them.</summary>
    private static List<string> Groups(string text, char separator, ref int at)
    {
        List<string> groups = [];
        while (true)
        {
            int begin = at;
            while (IsDigitAt(text, at)) at++;
            groups.Add(text[begin..at]);
            if (at >= text.Length || text[at] != separator || !IsDigitAt(text, at + 1)) return groups;
            at++;
        }
    }

    private static bool IsThousands(List<string> groups) => groups[0].Length <= 3 && groups[0][0] != '0' && groups.Skip(1).All(group => group.Length == 3);

    private static bool IsPointAt(string text, int at) => at < text.Length && text[at] == '.' && IsDigitAt(text, at + 1);

    private static bool IsInBrackets(string text, int begin, int end) => begin > 0 && text[begin - 1] is '(' or '[' or '{' && end < text.Length && text[end] is ')' or ']' or '}';
}
