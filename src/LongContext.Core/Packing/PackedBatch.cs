using System.Diagnostics;

namespace LongContext.Packing;

/// <summary>
/// A flat row of tokens that holds whole documents, the one shape of model input: no padding, and attention never crosses a
/// document's border.
/// </summary>
public sealed class PackedBatch
{
    /// <summary>The label of a position whose next token does not count.</summary>
    public const int Ignored = -100;

    private PackedBatch(
        int[] inputIds, int[] positionIds, int[] cumulativeSequenceLengths, int[] labels, float[] lossWeights, double lossNormalizer,
        int targetCount)
    {
        InputIds = inputIds;
        PositionIds = positionIds;
        CumulativeSequenceLengths = cumulativeSequenceLengths;
        Labels = labels;
        LossWeights = lossWeights;
        LossNormalizer = lossNormalizer;
        TargetCount = targetCount;
    }

    /// <summary>Token ids of all documents one after the other, [T].</summary>
    public ReadOnlyMemory<int> InputIds { get; }

    /// <summary>Each token's place within its document, from 0, [T].</summary>
    public ReadOnlyMemory<int> PositionIds { get; }

    /// <summary>Where documents begin and end: n + 1 ascending values from 0 to T; document i is [value i, value i + 1).</summary>
    public ReadOnlyMemory<int> CumulativeSequenceLengths { get; }

    /// <summary>The next token of the same document where it counts, else <see cref="Ignored"/>, [T].</summary>
    public ReadOnlyMemory<int> Labels { get; }

    /// <summary>What each position's cross-entropy weighs in the loss; 0 where the label is ignored, [T].</summary>
    public ReadOnlyMemory<float> LossWeights { get; }

    /// <summary>Number of tokens T.</summary>
    public int TokenCount => InputIds.Length;

    /// <summary>Number of documents n. A split sequence's pieces are documents of their own.</summary>
    public int DocumentCount => CumulativeSequenceLengths.Length - 1;

    /// <summary>Number of positions whose label is not ignored.</summary>
    public int TargetCount { get; }

    /// <summary>
    /// The sum of the weights, free of float rounding: the number of targets with <see cref="LossWeighting.PerToken"/>, the number
    /// of sequences that have a target with <see cref="LossWeighting.PerSequence"/> (of a split sequence the share that lies here).
    /// A step divides its summed loss by the sum of this over its micro-batches.
    /// </summary>
    public double LossNormalizer { get; }

    /// <summary>Lays whole documents one after the other into a pack.</summary>
    /// <param name="documents">The documents in the order they shall have, at least one.</param>
    /// <param name="weighting">What a target weighs. Default: 1 per token.</param>
    /// <exception cref="ArgumentException">No document, or more than 2³¹ − 1 tokens.</exception>
    public static PackedBatch Create(IReadOnlyList<TokenSequence> documents, LossWeighting weighting = LossWeighting.PerToken)
    {
        ArgumentNullException.ThrowIfNull(documents);
        if (!Enum.IsDefined(weighting)) throw new ArgumentOutOfRangeException(nameof(weighting), weighting, "Expected PerToken or PerSequence.");
        PackedDocument[] whole = new PackedDocument[documents.Count];
        for (int i = 0; i < whole.Length; i++)
        {
            whole[i] = PackedDocument.Whole(documents[i] ?? throw new ArgumentException($"Document {i} is null.", nameof(documents)));
        }

        return Create(whole, weighting);
    }

    /// <summary>A pack of one document to run the model on: every label is <see cref="Ignored"/> and every weight 0.</summary>
    /// <param name="tokens">Token ids, at least one.</param>
    /// <exception cref="ArgumentException">No token.</exception>
    public static PackedBatch CreatePrompt(ReadOnlyMemory<int> tokens)
    {
        if (tokens.IsEmpty) throw new ArgumentException("A prompt needs at least one token, this one has none.", nameof(tokens));
        int[] labels = new int[tokens.Length];
        labels.AsSpan().Fill(Ignored);
        int[] positions = new int[tokens.Length];
        for (int i = 0; i < positions.Length; i++) positions[i] = i;
        return new PackedBatch(tokens.ToArray(), positions, [0, tokens.Length], labels, new float[tokens.Length], 0, 0);
    }

    internal static PackedBatch Create(ReadOnlySpan<PackedDocument> documents, LossWeighting weighting)
    {
        int[] cumulative = Accumulate(documents);
        int count = cumulative[^1];
        int[] inputIds = new int[count];
        int[] positionIds = new int[count];
        int[] labels = new int[count];
        float[] weights = new float[count];
        double normalizer = 0;
        int targets = 0;
        for (int i = 0; i < documents.Length; i++)
        {
            PackedDocument document = documents[i];
            int start = cumulative[i];
            int length = document.Sequence.Length;
            bool perToken = weighting == LossWeighting.PerToken;
            document.Sequence.Tokens.Span.CopyTo(inputIds.AsSpan(start));
            for (int t = 0; t < length; t++) positionIds[start + t] = t;
            WriteTargets(
                document.Sequence, labels.AsSpan(start, length), weights.AsSpan(start, length),
                perToken ? 1f : (float)(1.0 / Math.Max(1, document.SequenceTargetCount)));
            targets += document.TargetCount;
            // Whole sequences add exactly 1 each, so the sum counts them without rounding.
            normalizer += perToken ? document.TargetCount
                : document.SequenceTargetCount == 0 ? 0
                : (double)document.TargetCount / document.SequenceTargetCount;
        }

        return new PackedBatch(inputIds, positionIds, cumulative, labels, weights, normalizer, targets);
    }

    private static void WriteTargets(TokenSequence document, Span<int> labels, Span<float> weights, float weight)
    {
        Debug.Assert(labels.Length == document.Length && weights.Length == document.Length, "a document's own part of the pack");
        ReadOnlySpan<int> tokens = document.Tokens.Span;
        ReadOnlySpan<bool> mask = document.LossMask.Span;
        for (int t = 0; t < labels.Length; t++)
        {
            bool counts = t + 1 < tokens.Length && (mask.IsEmpty || mask[t + 1]);
            labels[t] = counts ? tokens[t + 1] : Ignored;
            weights[t] = counts ? weight : 0f;
        }
    }

    private static int[] Accumulate(ReadOnlySpan<PackedDocument> documents)
    {
        if (documents.IsEmpty) throw new ArgumentException("A pack needs at least one document, there is none.", nameof(documents));
        int[] cumulative = new int[documents.Length + 1];
        long sum = 0;
        for (int i = 0; i < documents.Length; i++)
        {
            sum += documents[i].Sequence.Length;
            if (sum > int.MaxValue)
            {
                throw new ArgumentException(
                    $"The documents up to number {i} have {sum} tokens; a pack holds at most {int.MaxValue}.", nameof(documents));
            }

            cumulative[i + 1] = (int)sum;
        }

        return cumulative;
    }
}
