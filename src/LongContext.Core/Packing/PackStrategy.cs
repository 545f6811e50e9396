namespace LongContext.Packing;

/// <summary>Which lengths share a pack, and how many packs are made like that.</summary>
/// <param name="Lengths">The documents' lengths, the longest first.</param>
/// <param name="Count">Number of packs, at least 1.</param>
public sealed record PackStrategy(ReadOnlyMemory<int> Lengths, long Count)
{
    /// <summary>Documents in each pack.</summary>
    public int DocumentCount => Lengths.Length;

    /// <summary>Tokens in each pack.</summary>
    public int TokenCount
    {
        get
        {
            int sum = 0;
            foreach (int length in Lengths.Span) sum += length;
            return sum;
        }
    }

    /// <summary>What attention over such a pack costs: the sum of its documents' squared lengths.</summary>
    internal double AttentionCost
    {
        get
        {
            double sum = 0;
            foreach (int length in Lengths.Span) sum += (double)length * length;
            return sum;
        }
    }
}
