// Shape suffixes: T tokens, N tokens of some pages, K key/value heads, D head size.
using static TorchSharp.torch;

namespace LongContext.Generation.Running;

/// <summary>Pages that tensors are written into and read from.</summary>
internal interface ITensorPages : IPageStore
{
    /// <summary>Where a range of a sequence's tokens lies; for all layers of a group, in the caller's dispose scope.</summary>
    /// <param name="group">The group.</param>
    /// <param name="pages">The sequence's pages.</param>
    /// <param name="first">The range's first token.</param>
    /// <param name="cached">The first token that is not written yet.</param>
    /// <param name="end">The token behind its last one.</param>
    PageGather Gather(int group, SequencePages pages, int first, int cached, int end);

    /// <summary>Writes keys and values of the tokens of a range that are not written yet.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="pages">The sequence's pages.</param>
    /// <param name="position">The first token's position.</param>
    /// <param name="gather">The range.</param>
    /// <param name="k_TKD">Keys.</param>
    /// <param name="v_TKD">Values.</param>
    void Write(int layer, SequencePages pages, int position, PageGather gather, Tensor k_TKD, Tensor v_TKD);

    /// <summary>Keys and values of a range [N, K, D] in a type; they may be views of the pages.</summary>
    (Tensor K_NKD, Tensor V_NKD) Read(int layer, PageGather gather, ScalarType dataType);
}
