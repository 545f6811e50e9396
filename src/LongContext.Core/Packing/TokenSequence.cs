namespace LongContext.Packing;

/// <summary>One document or training example: its tokens, and which of them the loss counts.</summary>
public sealed class TokenSequence
{
    /// <summary>Wraps tokens and their loss mask without copying them.</summary>
    /// <param name="tokens">Token ids, at least one.</param>
    /// <param name="lossMask">
    /// Empty (the default) when every token counts; else one value per token, true where the token counts as a target: to learn
    /// only the answer, true on the answer's tokens. The first token of a sequence has nothing before it and is never a target.
    /// </param>
    /// <exception cref="ArgumentException">No token, or a mask of another length.</exception>
    public TokenSequence(ReadOnlyMemory<int> tokens, ReadOnlyMemory<bool> lossMask = default)
    {
        if (tokens.IsEmpty) throw new ArgumentException("A sequence needs at least one token, this one has none.", nameof(tokens));
        if (!lossMask.IsEmpty && lossMask.Length != tokens.Length)
        {
            throw new ArgumentException(
                $"The loss mask has {lossMask.Length} values for {tokens.Length} tokens; expected one per token, or none at all.",
                nameof(lossMask));
        }

        Tokens = tokens;
        LossMask = lossMask;
    }

    /// <summary>Token ids.</summary>
    public ReadOnlyMemory<int> Tokens { get; }

    /// <summary>One value per token, true where the token counts as a target; empty when every token counts.</summary>
    public ReadOnlyMemory<bool> LossMask { get; }

    /// <summary>Number of tokens.</summary>
    public int Length => Tokens.Length;

    /// <summary>How many tokens are targets: those that count and have a token before them.</summary>
    internal int CountTargets() => LossMask.IsEmpty ? Length - 1 : LossMask.Span[1..].Count(true);

    internal TokenSequence Slice(int start, int length) =>
        new(Tokens.Slice(start, length), LossMask.IsEmpty ? default : LossMask.Slice(start, length));
}
