using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Dequantization;

/// <summary>Some rows of a matrix in 4-bit NormalFloat: blocks of 64 within a row (its last may be shorter), two codes a byte, the first in the high half.</summary>
internal readonly record struct Nf4Arguments
{
    /// <summary>Type of the values.</summary>
    public required ElementType Type { get; init; }

    /// <summary>Rows to make.</summary>
    public required long Rows { get; init; }

    public required int Columns { get; init; }

    /// <summary>[rows, ⌈columns / 2⌉] bytes of the rows to make.</summary>
    public required nint Codes { get; init; }

    /// <summary>Number of the first row in the matrix, whose blocks' magnitudes are not cut. 0 by default.</summary>
    public long FirstRow { get; init; }

    /// <summary>Magnitudes of the whole matrix's blocks, row by row: float32, or bytes where there are <see cref="Groups"/>.</summary>
    public required nint Magnitudes { get; init; }

    /// <summary>Magnitudes of groups of 256 blocks' magnitudes; 0 where magnitudes are float32.</summary>
    public nint Groups { get; init; }

    /// <summary>[256] float32 values of the magnitudes' codes; needed with <see cref="Groups"/>.</summary>
    public nint Table { get; init; }

    /// <summary>Added to magnitudes from bytes.</summary>
    public double Mean { get; init; }

    /// <summary>[rows, columns]: the result.</summary>
    public required nint Values { get; init; }
}
