using static TorchSharp.torch;

namespace LongContext.Generation.Running;

/// <summary>Where a range of a sequence's tokens lies in a group's pages.</summary>
/// <param name="Group">The group.</param>
/// <param name="Runs">The pages, in order.</param>
/// <param name="Skip">Tokens of the first page that lie before the range.</param>
/// <param name="Count">Tokens of the range.</param>
internal sealed record PageGather(int Group, IReadOnlyList<PageRun> Runs, int Skip, int Count)
{
    /// <summary>int32: rows of its tokens in the store's memory, where that is how it reads them.</summary>
    public Tensor? Slots { get; init; }

    /// <summary>int32: rows of the tokens that are to be written.</summary>
    public Tensor? NewSlots { get; init; }
}
