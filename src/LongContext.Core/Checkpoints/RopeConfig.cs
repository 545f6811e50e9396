using LongContext.Positions;

namespace LongContext.Checkpoints;

/// <summary>What a config file says about rotary positions, in whichever form it says it.</summary>
internal sealed record RopeConfig
{
    /// <summary>The base where the file gives none: transformers' default for Llama.</summary>
    public const double DefaultTheta = 10_000;

    public required double Theta { get; init; }

    public required RopeScaling Scaling { get; init; }

    public required double PartialRotaryFactor { get; init; }

    /// <summary>The window before scaling, where the file gives it.</summary>
    public int? OriginalMaxPositionEmbeddings { get; init; }
}
