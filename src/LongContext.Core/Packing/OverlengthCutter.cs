using System.Diagnostics;

namespace LongContext.Packing;

/// <summary>Brings sequences to the context's length, as <see cref="OverlengthPolicy"/> says.</summary>
internal static class OverlengthCutter
{
    /// <summary>What to tell about a sequence that is too long and refused.</summary>
    public static string Refusal(long index, int length, int contextLength) =>
        $"Sequence {index} has {length} tokens, more than the context length of {contextLength}. Make the context longer, or set "
        + $"Overlength to {nameof(OverlengthPolicy.Split)}, {nameof(OverlengthPolicy.TruncateHead)}, {nameof(OverlengthPolicy.TruncateMiddle)}, "
        + $"{nameof(OverlengthPolicy.TruncateTail)} or {nameof(OverlengthPolicy.Skip)}.";

    /// <summary>Appends the sequence, or what becomes of it, to <paramref name="documents"/>.</summary>
    /// <param name="documents">Receives the documents.</param>
    /// <param name="sequence">The sequence.</param>
    /// <param name="contextLength">Most tokens of a document.</param>
    /// <param name="policy">What happens to a longer one.</param>
    public static void Append(List<PackedDocument> documents, TokenSequence sequence, int contextLength, OverlengthPolicy policy)
    {
        if (sequence.Length <= contextLength)
        {
            documents.Add(PackedDocument.Whole(sequence));
            return;
        }

        switch (policy)
        {
            case OverlengthPolicy.Split:
                AppendPieces(documents, sequence, contextLength);
                break;
            case OverlengthPolicy.TruncateHead:
                documents.Add(PackedDocument.Whole(sequence.Slice(sequence.Length - contextLength, contextLength)));
                break;
            case OverlengthPolicy.TruncateMiddle:
                documents.Add(PackedDocument.Whole(WithoutMiddle(sequence, contextLength)));
                break;
            case OverlengthPolicy.TruncateTail:
                documents.Add(PackedDocument.Whole(sequence.Slice(0, contextLength)));
                break;
            case OverlengthPolicy.Skip:
                break;
            default:
                throw new UnreachableException("The packer refuses such a sequence itself, or has checked its options.");
        }
    }

    private static void AppendPieces(List<PackedDocument> documents, TokenSequence sequence, int contextLength)
    {
        int first = documents.Count;
        int targets = 0;
        // The start is a long: adding the context to it may pass the largest int.
        for (long start = 0; start < sequence.Length; start += contextLength)
        {
            PackedDocument piece = PackedDocument.Whole(
                sequence.Slice((int)start, (int)Math.Min(contextLength, sequence.Length - start)));
            targets += piece.TargetCount;
            documents.Add(piece);
        }

        for (int i = first; i < documents.Count; i++) documents[i] = documents[i] with { SequenceTargetCount = targets };
    }

    private static TokenSequence WithoutMiddle(TokenSequence sequence, int contextLength)
    {
        int head = contextLength / 2;
        int tail = contextLength - head;
        int[] tokens = [.. sequence.Tokens.Span[..head], .. sequence.Tokens.Span[^tail..]];
        bool[] mask = new bool[contextLength];
        if (sequence.LossMask.IsEmpty)
        {
            mask.AsSpan().Fill(true);
        }
        else
        {
            sequence.LossMask.Span[..head].CopyTo(mask);
            sequence.LossMask.Span[^tail..].CopyTo(mask.AsSpan(head));
        }

        mask[head] = false;
        return new TokenSequence(tokens, mask);
    }
}
