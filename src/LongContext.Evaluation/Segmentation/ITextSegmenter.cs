namespace LongContext.Evaluation.Segmentation;

/// <summary>
/// Cuts text into words where no space stands between them, as Chinese has it. LongBench's Chinese scores depend on the cut:
/// figures of two segmenters cannot be compared.
/// </summary>
public interface ITextSegmenter
{
    /// <summary>What a report calls it. One whose figures cannot be compared with published ones says so here.</summary>
    string Name { get; }

    /// <summary>Whether figures can be compared with those of the official scripts, which use jieba.</summary>
    bool IsComparable { get; }

    /// <summary>The pieces of a text in order; joined, they are the text. Safe to call from several threads at once.</summary>
    /// <param name="text">The text; an empty one has no pieces.</param>
    IReadOnlyList<string> Segment(string text);
}
