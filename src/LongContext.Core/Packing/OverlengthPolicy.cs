namespace LongContext.Packing;

/// <summary>What happens to a sequence with more tokens than the packer's context length.</summary>
public enum OverlengthPolicy
{
    /// <summary>An exception that names the sequence and both lengths.</summary>
    Refuse,

    /// <summary>
    /// Cut into pieces of the context's length and a shorter last one, all kept. The pieces are documents of their own: no
    /// attention crosses the cut, and the first token of a later piece is nobody's target.
    /// </summary>
    Split,

    /// <summary>The beginning is dropped, the last tokens are kept.</summary>
    TruncateHead,

    /// <summary>
    /// The middle is dropped: the first half of the context and the last half are kept, as LongBench does (of an odd length the
    /// end keeps one token more). The first token after the gap is no target, because it does not follow what stands before it.
    /// </summary>
    TruncateMiddle,

    /// <summary>The end is dropped, the first tokens are kept.</summary>
    TruncateTail,

    /// <summary>The whole sequence is left out; <see cref="StreamingPacker"/> counts those it left out.</summary>
    Skip,
}
