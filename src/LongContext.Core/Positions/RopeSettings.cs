namespace LongContext.Positions;

/// <summary>stub</summary>
public sealed record RopeSettings
{
    /// <summary>s</summary>
    public double Theta { get; init; } = 10_000;

    /// <summary>s</summary>
    public RopeScaling Scaling { get; init; } = RopeScaling.None;

    /// <summary>s</summary>
    public double PartialRotaryFactor { get; init; } = 1;

    /// <summary>s</summary>
    public int? OriginalMaxPositionEmbeddings { get; init; }
}
