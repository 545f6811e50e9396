namespace LongContext.Generation;

/// <summary>
/// Of a prompt's keys and values, each head of each layer keeps those that the prompt's last tokens look at most (SnapKV). The prompt is computed whole; then memory is given back, and the answer is made with what
/// was kept.
/// </summary>
/// <remarks>
/// <para>Li et al. 2024, "SnapKV: LLM Knows What You are Looking for Before Generation" (arXiv:2404.14469), §4: the last <see cref="ObservedTokens"/> queries vote with their attention weights, summed over the query
/// heads that share a key head; votes are pooled over neighbours; the <see cref="MaximumTokens"/> − <see cref="ObservedTokens"/> best are kept beside the observed tokens themselves. Among equals the earlier one is
/// kept. Keys keep the positions that they have in the text.</para>
/// <para>A prompt of up to <see cref="MaximumTokens"/> is left as it is, by no bit another. Pages of the whole prompt are shared with others before the choice, the chosen ones with none.</para>
/// </remarks>
public sealed record PromptSelection : TokenDropping
{
    /// <summary>Tokens of the prompt that each head keeps, the observed ones included; more than <see cref="ObservedTokens"/>. Required.</summary>
    public required int MaximumTokens { get; init; }

    /// <summary>Last tokens of the prompt whose queries vote, and which are kept; 1 to 64. Default 32.</summary>
    public int ObservedTokens { get; init; } = 32;

    /// <summary>Neighbours that votes are pooled over; odd, 1 for none, at most 255, since each token's are looked at. Default 7.</summary>
    public int PoolSize { get; init; } = 7;

    /// <summary>How votes of neighbours are pooled. Default: their maximum.</summary>
    public VotePooling Pooling { get; init; }

    internal override int Budget => MaximumTokens;

    internal override IEnumerable<string> Faults()
    {
        if (ObservedTokens is < 1 or > 64) yield return $"ObservedTokens must be 1 to 64, but is {ObservedTokens}";
        if (MaximumTokens <= ObservedTokens) yield return $"MaximumTokens must be more than ObservedTokens ({ObservedTokens}), but is {MaximumTokens}";
        if (PoolSize is < 1 or > 255 || PoolSize % 2 == 0) yield return $"PoolSize must be odd, 1 to 255, but is {PoolSize}";
        if (!Enum.IsDefined(Pooling)) yield return $"Pooling is {(int)Pooling}, which is none of {string.Join(", ", Enum.GetNames<VotePooling>())}";
    }
}
