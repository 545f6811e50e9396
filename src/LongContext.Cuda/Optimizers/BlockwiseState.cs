namespace LongContext.Cuda.Optimizers;

/// <summary>AdamW's state in 8 bits: blocks of 256 values as dynamic-tree codes times the block's largest magnitude.</summary>
internal readonly record struct BlockwiseState
{
    /// <summary>Values of a block.</summary>
    public const int BlockSize = 256;

    /// <summary>Floats of <see cref="Tables"/>.</summary>
    public const int TableLength = 4 * 256;

    /// <summary>[count] codes of the signed tree.</summary>
    public required nint MeanCodes { get; init; }

    /// <summary>[count] codes of the unsigned tree.</summary>
    public required nint SquareCodes { get; init; }

    /// <summary>[⌈count / 256⌉] float32.</summary>
    public required nint MeanScales { get; init; }

    /// <summary>[⌈count / 256⌉] float32.</summary>
    public required nint SquareScales { get; init; }

    /// <summary>[4, 256] float32: values by code and the largest number of each code, of the signed tree and of the unsigned one.</summary>
    public required nint Tables { get; init; }
}
