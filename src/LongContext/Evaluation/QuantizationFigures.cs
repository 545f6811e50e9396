namespace LongContext.Evaluation;

/// <summary>What was measured of a model.</summary>
public sealed record QuantizationFigures
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Bytes of its weights in memory.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Perplexity by context length.</summary>
    public required IReadOnlyList<PerplexityAtLength> Perplexity { get; init; }

    /// <summary>What it reached in tasks. Default: none.</summary>
    public IReadOnlyList<QuantizationTaskFigures> Tasks { get; init; } = [];
}
