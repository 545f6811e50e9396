using System.Globalization;

namespace LongContext.Models.Quantization;

/// <summary>What quantising a model did.</summary>
public sealed record QuantizationResult
{
    /// <summary>The matrices that are quantised now, in the order of the forward pass.</summary>
    public required IReadOnlyList<QuantizedMatrix> Matrices { get; init; }

    /// <summary>Bytes of all weights before.</summary>
    public required long BytesBefore { get; init; }

    /// <summary>Bytes of all weights now.</summary>
    public required long BytesAfter { get; init; }

    /// <summary>How many matrices, and the bytes before and now, in a line.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Matrices.Count} matrices quantised: {BytesBefore / 1e6:N1} MB before, {BytesAfter / 1e6:N1} MB now");
}
