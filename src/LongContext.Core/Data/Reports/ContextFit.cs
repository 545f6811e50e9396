namespace LongContext.Data.Reports;

/// <summary>What a context length does to the sequences.</summary>
public sealed record ContextFit
{
    /// <summary>Most tokens in a pack.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Sequences longer than the context.</summary>
    public required long Overlength { get; init; }

    /// <summary>Of these, those cut into pieces.</summary>
    public long Split { get; init; }

    /// <summary>Of these, those that lose tokens.</summary>
    public long Truncated { get; init; }

    /// <summary>Of these, those left out.</summary>
    public long Skipped { get; init; }

    /// <summary>Of these, those that a packer would stop at with an exception.</summary>
    public long Refused { get; init; }

    /// <summary>Tokens that are in no pack.</summary>
    public long DroppedTokens { get; init; }

    /// <summary>Sequences and pieces to be packed.</summary>
    public required long Documents { get; init; }

    /// <summary>The ways of packing, from the emptiest to the fullest usually: without packing, next fit, streaming, best fit over the whole data set.</summary>
    public required IReadOnlyList<PackingFill> Fills { get; init; }

    /// <summary>No packing has fewer packs (Martello and Toth's bound L2).</summary>
    public required long LowerBound { get; init; }
}
