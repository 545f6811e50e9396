using LongContext.Evaluation.Metrics;

namespace LongContext.Evaluation.Segmentation;

/// <summary>
/// Each character is a word: what can be done without a dictionary. Scores differ from those of the official scripts, mostly upwards, and cannot
/// be compared with published ones.
/// </summary>
public sealed class CharacterSegmenter : ITextSegmenter
{
    /// <inheritdoc />
    public string Name => "characters (not comparable with published figures, which use jieba)";

    /// <inheritdoc />
    public bool IsComparable => false;

    /// <summary>The code points of a text, each as a piece of its own.</summary>
    /// <param name="text">The text.</param>
    public IReadOnlyList<string> Segment(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return CodePoints.Split(text);
    }
}
