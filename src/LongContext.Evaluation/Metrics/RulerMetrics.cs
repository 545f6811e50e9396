using System.Buffers;

namespace LongContext.Evaluation.Metrics;

/// <summary>RULER's matches of references in predictions, case aside (Hsieh et al. 2024, arXiv:2404.06654; NVIDIA/RULER, scripts/eval).</summary>
public static class RulerMetrics
{
    private static readonly SearchValues<char> Controls = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(c => (char)c)]);

    /// <summary>string_match_all for one prediction: the share of the references that occur in it. All tasks but question answering take it.</summary>
    /// <param name="prediction">The answer; <see cref="Clean"/> makes it what RULER's script scores.</param>
    /// <param name="references">At least one text; an empty one occurs everywhere.</param>
    /// <returns>0 to 1.</returns>
    /// <exception cref="ArgumentException">No reference.</exception>
    public static double MatchAll(string prediction, IReadOnlyList<string> references)
    {
        bool[] found = Found(prediction, references);
        return found.Count(one => one) / (double)found.Length;
    }

    /// <summary>string_match_part for one prediction: 1 if any of the references occurs in it, else 0. Question answering takes it.</summary>
    /// <param name="prediction">The answer, as above.</param>
    /// <param name="references">At least one text.</param>
    /// <exception cref="ArgumentException">No reference.</exception>
    public static double MatchPart(string prediction, IReadOnlyList<string> references) => Found(prediction, references).Contains(true) ? 1 : 0;

    /// <summary>string_match_all of a task: the mean in percent, rounded to two digits as Python rounds.</summary>
    /// <param name="predictions">The answers, at least one.</param>
    /// <param name="references">The references of each.</param>
    /// <exception cref="ArgumentException">No prediction, other than as many lists of references, or an empty one of those.</exception>
    public static double MatchAll(IReadOnlyList<string> predictions, IReadOnlyList<IReadOnlyList<string>> references) => Percent(predictions, references, MatchAll);

    /// <summary>string_match_part of a task: the mean in percent, rounded to two digits as Python rounds.</summary>
    /// <param name="predictions">The answers, at least one.</param>
    /// <param name="references">The references of each.</param>
    /// <exception cref="ArgumentException">No prediction, other than as many lists of references, or an empty one of those.</exception>
    public static double MatchPart(IReadOnlyList<string> predictions, IReadOnlyList<IReadOnlyList<string>> references) => Percent(predictions, references, MatchPart);

    /// <summary>postprocess_pred: without whitespace at the ends, the control characters U+0000 to U+001F made line feeds.</summary>
    /// <param name="prediction">What the model said.</param>
    public static string Clean(string prediction)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        string text = Words.Trim(prediction);
        return Words.Trim(string.Create(text.Length, text, static (target, source) => source.AsSpan().ReplaceAny(target, Controls, '\n')));
    }

    private static bool[] Found(string prediction, IReadOnlyList<string> references)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(references);
        if (references.Count == 0) throw new ArgumentException("There is no reference to look for.", nameof(references));
        string said = PythonText.ToLower(prediction);
        return [.. references.Select(reference => said.Contains(PythonText.ToLower(reference), StringComparison.Ordinal))];
    }

    private static double Percent(
        IReadOnlyList<string> predictions, IReadOnlyList<IReadOnlyList<string>> references, Func<string, IReadOnlyList<string>, double> score)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        ArgumentNullException.ThrowIfNull(references);
        if (predictions.Count == 0) throw new ArgumentException("There is no prediction to score.", nameof(predictions));
        if (predictions.Count != references.Count)
        {
            throw new ArgumentException($"There are {references.Count} lists of references for {predictions.Count} predictions.", nameof(references));
        }

        // In the script's order of operations, on which the last bit depends and so, at a tie, the rounding.
        return PythonNumbers.Round2(predictions.Zip(references, score).Sum() / predictions.Count * 100);
    }
}
