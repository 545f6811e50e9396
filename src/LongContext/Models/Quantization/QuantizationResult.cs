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
}
