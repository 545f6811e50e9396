using LongContext.Packing;

namespace LongContext.Data;

/// <summary>Ready sources of sequences.</summary>
public static class SequenceSource
{
    /// <summary>The sequences of a list, in another order in each pass, decided by the seed.</summary>
    /// <param name="sequences">The sequences of one pass; read by index, and not changed while the source is in use.</param>
    /// <param name="seed">The same seed gives the same orders; null keeps the list's own order in every pass. Default 0.</param>
    /// <param name="epochs">Passes over the list, or null for a source without end. Default 1.</param>
    /// <returns>A source whose state is its place, its settings and a fingerprint of the list (of at most 1,024 sequences spread over it).</returns>
    /// <exception cref="ArgumentException">The list is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Less than one pass.</exception>
    public static ISequenceSource FromList(IReadOnlyList<TokenSequence> sequences, int? seed = 0, int? epochs = 1)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        if (sequences.Count == 0) throw new ArgumentException("There is no sequence: the data set is empty.", nameof(sequences));
        if (epochs is { } given) ArgumentOutOfRangeException.ThrowIfLessThan(given, 1, nameof(epochs));
        return new ListSequenceSource(sequences, seed, epochs);
    }

    /// <summary>Sequences made when they are asked for, for example generated from their number.</summary>
    /// <param name="getSequence">Gives the sequence with a number from 0; the same number must give the same sequence.</param>
    /// <param name="count">How many there are, or null (the default) for a source without end.</param>
    /// <param name="identity">
    /// Names the data, for example a generator with its seed; a state of a source with another identity is refused. Default: empty.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is below 1.</exception>
    public static ISequenceSource FromFunction(Func<long, TokenSequence> getSequence, long? count = null, string identity = "")
    {
        ArgumentNullException.ThrowIfNull(getSequence);
        ArgumentNullException.ThrowIfNull(identity);
        if (count is { } given) ArgumentOutOfRangeException.ThrowIfLessThan(given, 1, nameof(count));
        return new FunctionSequenceSource(getSequence, count, identity);
    }

    /// <summary>Draws each sequence from one of several sources, at random by weight, the same for the same seed.</summary>
    /// <param name="sources">The sources with their weights; used by the mixture alone from now on.</param>
    /// <param name="seed">Decides the draws. Default 0.</param>
    /// <param name="end">What happens when a source comes to its end. Default: the mixture ends with the first source that ends.</param>
    /// <returns>A source whose state is each source's state and the number of draws so far.</returns>
    /// <exception cref="ArgumentException">No source, one that is null or given twice, or a weight that is not positive and finite; the message lists all faults.</exception>
    public static ISequenceSource Mixture(IReadOnlyList<WeightedSequenceSource> sources, int seed = 0, MixtureEnd end = MixtureEnd.StopAtFirst) =>
        new MixtureSequenceSource(sources, seed, end);
}
