using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Dequantization;

/// <summary>Some rows of a matrix in whole numbers of 8 bits with a factor for each row.</summary>
internal readonly record struct EightBitArguments
{
    /// <summary>Type of the values.</summary>
    public required ElementType Type { get; init; }

    public required long Rows { get; init; }

    public required int Columns { get; init; }

    /// <summary>[rows, columns] int8.</summary>
    public required nint Codes { get; init; }

    /// <summary>[rows] float32.</summary>
    public required nint Factors { get; init; }

    /// <summary>[rows, columns]: the result.</summary>
    public required nint Values { get; init; }
}
