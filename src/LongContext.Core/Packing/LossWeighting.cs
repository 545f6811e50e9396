namespace LongContext.Packing;

/// <summary>Whose voices a training step averages.</summary>
/// <remarks>
/// A step's loss is the sum of weight × cross-entropy over all its micro-batches, divided once by the sum of their
/// <see cref="PackedBatch.LossNormalizer"/>.
/// </remarks>
public enum LossWeighting
{
    /// <summary>Every target token weighs 1: long answers count for more than short ones.</summary>
    PerToken,

    /// <summary>
    /// Every sequence weighs 1: a target token of sequence i weighs 1/Nᵢ, Nᵢ being the number of the sequence's targets.
    /// </summary>
    /// <remarks>
    /// LongAlign's loss weighting (arXiv 2401.18058): the weight K/(Nᵢ·M) within each of K packs of M sequences, averaged over the
    /// packs, is the same number as Σ 1/Nᵢ·loss divided by M, which is how its program (sort_and_group.py, dataset.py) has it.
    /// Sequences without a target are not counted in M, as there.
    /// </remarks>
    PerSequence,
}
