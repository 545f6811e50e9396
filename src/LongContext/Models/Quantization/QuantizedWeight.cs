using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>A matrix held in a few bits a value, and computed anew in floating point wherever it is used.</summary>
internal abstract class QuantizedWeight : IDisposable
{
    /// <summary>Shape of the weight.</summary>
    public required long[] Shape { get; init; }

    /// <summary>The codes as they lie in memory.</summary>
    public required Tensor Codes { get; init; }

    /// <summary>Bytes of codes and scales.</summary>
    public abstract long ByteCount { get; }

    /// <summary>All of the weight.</summary>
    public Tensor Dequantize(ScalarType dataType) => Dequantize(0, Shape[0], dataType);

    /// <summary>Some rows of the weight.</summary>
    /// <param name="firstRow">First row.</param>
    /// <param name="count">Number of rows.</param>
    /// <param name="dataType">Floating-point type of the result.</param>
    /// <returns>[count, columns] in the caller's dispose scope.</returns>
    public abstract Tensor Dequantize(long firstRow, long count, ScalarType dataType);

    /// <summary>Frees scales; the codes are the parameter's value and go with it.</summary>
    public abstract void Dispose();
}
