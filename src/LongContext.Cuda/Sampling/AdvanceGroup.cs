namespace LongContext.Cuda.Sampling;

/// <summary>The page table of a group of layers, and where the slots of the next tokens go.</summary>
/// <param name="Pages">int32 [sequences, <paramref name="MaxPages"/>]; negative: no page. 0 for no group.</param>
/// <param name="MaxPages">Entries of a sequence.</param>
/// <param name="Slots">int32 [sequences]: page · page size + (length − 1) mod page size, or −1 where that key has no page.</param>
internal readonly record struct AdvanceGroup(nint Pages, int MaxPages, nint Slots);
