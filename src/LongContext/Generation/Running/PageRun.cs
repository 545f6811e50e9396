using static TorchSharp.torch;

namespace LongContext.Generation.Running;

/// <summary>Consecutive pages of a sequence in one slab.</summary>
/// <param name="Slab">Its number.</param>
/// <param name="First">Place of the first in it.</param>
/// <param name="Count">How many.</param>
/// <param name="Places">All places, int64, where they do not follow one another; null where they do.</param>
internal sealed record PageRun(int Slab, int First, int Count, Tensor? Places);
