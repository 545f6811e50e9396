using System.Globalization;
using LongContext.Evaluation.Metrics;

namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>How RULER scores (scripts/eval/evaluate.py and scripts/eval/synthetic/constants.py).</summary>
internal static class RulerScoring
{
    /// <summary>White space at the ends away, control characters as line feeds, white space at the ends away.</summary>
    public static string PostProcess(string answer) =>
        Words.Trim(string.Create(Words.Trim(answer).Length, Words.Trim(answer), static (span, text) =>
        {
            for (int i = 0; i < span.Length; i++) span[i] = text[i] <= '\u001F' ? '\n' : text[i];
        }));

    /// <summary>The share of references that a text holds, in Python's lower case.</summary>
    public static double ShareHeld(string text, IReadOnlyList<string> references)
    {
        string lower = PythonText.ToLower(text);
        return references.Count == 0 ? 0 : (double)references.Count(reference => lower.Contains(PythonText.ToLower(reference), StringComparison.Ordinal)) / references.Count;
    }

    /// <summary>The mean as a percentage with two digits.</summary>
    public static double Percentage(IReadOnlyList<double> scores) => Round(scores.Sum() / scores.Count * 100);

    /// <summary>Two digits, as Python's round has them: exact on the binary value.</summary>
    public static double Round(double value) => double.Parse(value.ToString("F2", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
