namespace LongContext.Generation.Running;

/// <summary>
/// What a decoding step's launches depend on, rounded up so that few steps differ: a step of fewer tokens or sequences is filled up with ones that
/// nobody sees.
/// </summary>
/// <param name="Tokens">Tokens.</param>
/// <param name="Sequences">Sequences.</param>
/// <param name="SequenceTokens">New tokens of a sequence, at most.</param>
/// <param name="Pages">Entries of a sequence in a table of pages.</param>
internal readonly record struct CudaStepShape(int Tokens, int Sequences, int SequenceTokens, int Pages)
{
    private const int FewestPages = 64;

    /// <summary>The shape that a step has room in.</summary>
    public static CudaStepShape Of(StepBatch batch, int pageTokens)
    {
        int longest = 0, pages = 1;
        foreach (ref readonly StepSequence sequence in batch.Sequences)
        {
            longest = Math.Max(longest, sequence.TokenCount);
            pages = Math.Max(pages, (sequence.CachedTokens + sequence.TokenCount + pageTokens - 1) / pageTokens);
        }

        return new CudaStepShape(Rounded(batch.TokenCount), Rounded(batch.SequenceCount), PowerOfTwo(longest), Math.Max(FewestPages, PowerOfTwo(pages)));
    }

    /// <summary>1, 2, 4, and then multiples of 8, which is what products take at a time.</summary>
    private static int Rounded(int count) => count <= 4 ? PowerOfTwo(count) : (count + 7) / 8 * 8;

    private static int PowerOfTwo(int number) => (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)number);
}
