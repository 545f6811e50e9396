namespace LongContext.Generation.Running;

/// <summary>What a model computes in one step: a pack of the next tokens of some sequences. Made once and filled anew for each step.</summary>
/// <param name="maximumTokens">Tokens of a step, at most.</param>
/// <param name="maximumSequences">Sequences of a step, at most.</param>
internal sealed class StepBatch(int maximumTokens, int maximumSequences)
{
    private readonly int[] tokens = new int[maximumTokens];
    private readonly StepSequence[] sequences = new StepSequence[maximumSequences];

    /// <summary>Tokens of a step, at most.</summary>
    public int MaximumTokens => tokens.Length;

    /// <summary>Sequences of a step, at most.</summary>
    public int MaximumSequences => sequences.Length;

    /// <summary>The new tokens of all sequences, one sequence after another.</summary>
    public ReadOnlySpan<int> Tokens => tokens.AsSpan(0, TokenCount);

    /// <summary>The sequences, in the order of their tokens.</summary>
    public ReadOnlySpan<StepSequence> Sequences => sequences.AsSpan(0, SequenceCount);

    /// <summary>Number of tokens.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Number of sequences.</summary>
    public int SequenceCount { get; private set; }

    /// <summary>Rows of logits wanted in all; they are numbered in the order of sequences and tokens.</summary>
    public int LogitCount { get; private set; }

    /// <summary>Empties it.</summary>
    public void Clear()
    {
        Array.Clear(sequences, 0, SequenceCount);
        (TokenCount, SequenceCount, LogitCount) = (0, 0, 0);
    }

    /// <summary>Adds a sequence with its next tokens; its TokenStart and TokenCount are set here.</summary>
    /// <returns>The number of its first row of logits.</returns>
    /// <exception cref="ArgumentException">There is no room, no token, or more logits are wanted than there are tokens.</exception>
    public int Add(StepSequence sequence, ReadOnlySpan<int> newTokens)
    {
        if (newTokens.IsEmpty) throw new ArgumentException("There is no token.", nameof(newTokens));
        if (SequenceCount == sequences.Length || newTokens.Length > tokens.Length - TokenCount)
            throw new ArgumentException($"A step holds {tokens.Length} tokens of {sequences.Length} sequences; {TokenCount} of {SequenceCount} are in it and {newTokens.Length} more were given.", nameof(newTokens));
        if ((uint)sequence.LogitCount > (uint)newTokens.Length)
            throw new ArgumentException($"LogitCount is {sequence.LogitCount}, expected 0 to {newTokens.Length}, the number of new tokens.", nameof(sequence));
        (sequence.TokenStart, sequence.TokenCount) = (TokenCount, newTokens.Length);
        newTokens.CopyTo(tokens.AsSpan(TokenCount));
        sequences[SequenceCount++] = sequence;
        TokenCount += newTokens.Length;
        int first = LogitCount;
        LogitCount += sequence.LogitCount;
        return first;
    }
}
