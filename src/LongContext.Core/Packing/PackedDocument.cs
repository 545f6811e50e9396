namespace LongContext.Packing;

/// <summary>A document as it goes into a pack: a whole sequence, what truncation left of it, or one piece of it.</summary>
/// <param name="Sequence">The tokens.</param>
/// <param name="TargetCount">The document's own targets.</param>
/// <param name="SequenceTargetCount">The targets of all pieces of the sequence it belongs to: the N of 1/N.</param>
internal readonly record struct PackedDocument(TokenSequence Sequence, int TargetCount, int SequenceTargetCount)
{
    public static PackedDocument Whole(TokenSequence sequence)
    {
        int targets = sequence.CountTargets();
        return new(sequence, targets, targets);
    }
}
