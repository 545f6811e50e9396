namespace LongContext.Packing;

/// <summary>What a packer has done so far. Counts of packs are of those handed out; counts of sequences are of those read.</summary>
public sealed record PackingReport
{
    /// <summary>Packs handed out.</summary>
    public long Packs { get; init; }

    /// <summary>Documents in them; a split sequence's pieces are documents of their own.</summary>
    public long Documents { get; init; }

    /// <summary>Tokens in them.</summary>
    public long Tokens { get; init; }

    /// <summary>Tokens they could hold: packs × context length.</summary>
    public long Capacity { get; init; }

    /// <summary>Tokens / capacity, from 0 to 1; 0 where there is no pack yet.</summary>
    public double FillRate => Capacity == 0 ? 0 : (double)Tokens / Capacity;

    /// <summary>Sequences read, those still waiting to be handed out included.</summary>
    public long Sequences { get; init; }

    /// <summary>Of these, those longer than the context that were cut into pieces.</summary>
    public long Split { get; init; }

    /// <summary>Of these, those longer than the context that lost tokens.</summary>
    public long Truncated { get; init; }

    /// <summary>Of these, those longer than the context that were left out.</summary>
    public long Skipped { get; init; }

    /// <summary>Tokens of the sequences truncated or left out that are in no pack.</summary>
    public long DroppedTokens { get; init; }
}
