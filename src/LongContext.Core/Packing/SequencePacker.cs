namespace LongContext.Packing;

/// <summary>Packs sequences of any length into rows of at most the context's length, without padding.</summary>
/// <remarks>
/// <para>Packing is deterministic. <see cref="PackingAlgorithm.NextFit"/> keeps the order of the data set, over packs and within
/// them. The decreasing algorithms give packs in the order they were opened, which is by their longest document, the longest
/// first, and within a pack documents from long to short (equal lengths in the order of the data set); shuffle the packs before
/// training on them.</para>
/// <para>With <see cref="LossWeighting.PerSequence"/> a sequence cut by <see cref="OverlengthPolicy.Split"/> keeps one say: each of
/// its targets weighs 1/N, N being the number of targets that remain over all its pieces. The first token of a later piece is
/// not among them, since the token before it lies in another document.</para>
/// </remarks>
public sealed class SequencePacker
{
    private readonly int contextLength;
    private readonly PackingAlgorithm algorithm;
    private readonly OverlengthPolicy overlength;
    private readonly LossWeighting weighting;

    /// <summary>Makes a packer.</summary>
    /// <param name="options">What to pack for.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public SequencePacker(SequencePackerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        contextLength = options.ContextLength;
        algorithm = options.Algorithm;
        overlength = options.Overlength;
        weighting = options.LossWeighting;
    }

    /// <summary>Packs all sequences.</summary>
    /// <param name="sequences">
    /// The data set, at least one sequence. Sequences without a target are carried along at weight 0.
    /// </param>
    /// <returns>The packs, in the order that the class's remarks tell.</returns>
    /// <exception cref="ArgumentException">
    /// No sequence, a null one, one longer than the context where that is refused, or no target in the whole data set.
    /// </exception>
    public IReadOnlyList<PackedBatch> Pack(IEnumerable<TokenSequence> sequences)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        List<PackedDocument> documents = Cut(sequences);
        int[] lengths = new int[documents.Count];
        for (int i = 0; i < lengths.Length; i++) lengths[i] = documents[i].Sequence.Length;
        IReadOnlyList<int[]> bins = BinPacker.Pack(lengths, contextLength, algorithm);

        PackedBatch[] batches = new PackedBatch[bins.Count];
        for (int b = 0; b < batches.Length; b++)
        {
            PackedDocument[] members = Array.ConvertAll(bins[b], i => documents[i]);
            batches[b] = PackedBatch.Create(members, weighting);
        }

        return batches;
    }

    private List<PackedDocument> Cut(IEnumerable<TokenSequence> sequences)
    {
        List<PackedDocument> documents = [];
        int index = 0;
        foreach (TokenSequence sequence in sequences)
        {
            if (sequence is null) throw new ArgumentException($"Sequence {index} is null.", nameof(sequences));
            if (sequence.Length > contextLength && overlength == OverlengthPolicy.Refuse)
            {
                throw new ArgumentException(OverlengthCutter.Refusal(index, sequence.Length, contextLength), nameof(sequences));
            }

            OverlengthCutter.Append(documents, sequence, contextLength, overlength);
            index++;
        }

        if (index == 0) throw new ArgumentException("The data set is empty: there is no sequence to pack.", nameof(sequences));
        if (documents.Count == 0)
            throw new ArgumentException($"All {index} sequences are longer than the context length of {contextLength} and were left out.", nameof(sequences));
        if (documents.TrueForAll(document => document.TargetCount == 0))
        {
            throw new ArgumentException(
                $"None of the {index} sequences has a target: each is a single token, or its loss mask is false on every token " +
                "after the first. There would be nothing to learn.",
                nameof(sequences));
        }

        return documents;
    }
}
