using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Rotary;

/// <summary>Rotary embedding of queries and keys.</summary>
internal readonly record struct RotaryArguments
{
    /// <summary>Type of q and k.</summary>
    public required ElementType Type { get; init; }

    /// <summary>Type of the tables: that of q and k or float32.</summary>
    public required ElementType TableType { get; init; }

    public required int Tokens { get; init; }

    /// <summary>Heads of q.</summary>
    public required int Heads { get; init; }

    /// <summary>Heads of k; 0 where there is none.</summary>
    public required int KeyHeads { get; init; }

    /// <summary>Elements of a head.</summary>
    public required int Size { get; init; }

    /// <summary>Leading elements of a head that turn; even.</summary>
    public required int Rotated { get; init; }

    /// <summary>[tokens, heads, size]; heads lie side by side, the stride is a token's.</summary>
    public required RowTensor Q { get; init; }

    /// <summary>[tokens, keyHeads, size].</summary>
    public RowTensor K { get; init; }

    /// <summary>The result; may be q, and is by default.</summary>
    public RowTensor RotatedQ { get; init; }

    /// <summary>The result; may be k, and is by default.</summary>
    public RowTensor RotatedK { get; init; }

    /// <summary>[rows, rotated], of which the first half of each row is read.</summary>
    public required RowTensor Cos { get; init; }

    /// <summary>As cos, with the same stride.</summary>
    public required RowTensor Sin { get; init; }

    /// <summary>[tokens] int32: a token's row in the tables, which the caller knows to be there; 0 where it is the token's number.</summary>
    public nint Positions { get; init; }

    /// <summary>Whether to turn back: the gradient of what was rotated from the result's.</summary>
    public bool Backward { get; init; }
}
