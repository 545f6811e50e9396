using LongContext.Generation;
using LongContext.Generation.Running;
using LongContext.Positions;

namespace LongContext.Tests.Generation.Running;

/// <summary>A sequence that <see cref="StepDriver"/> runs.</summary>
internal sealed class DrivenSequence(SequencePages pages, ReadOnlySpan<int> prompt, PositionRemapping? remapping, AttentionSinks? sinks = null)
{
    public SequencePages Pages => pages;

    public PositionRemapping? Remapping => remapping;

    public AttentionSinks? Sinks => sinks;

    /// <summary>What is kept of the prompt; null for all.</summary>
    public PromptChoice? Choice { get; init; }

    /// <summary>Tokens that layers without a window hold no more.</summary>
    public int Dropped { get; set; }

    public List<int> Tokens { get; } = [.. prompt];

    public int Cached { get; set; }

    /// <summary>The whole prompt's while it goes in by chunks.</summary>
    public int FrequencyLength { get; set; } = prompt.Length;
}
