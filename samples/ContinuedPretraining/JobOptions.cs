using LongContext.Samples.Shared.Loading;

namespace LongContext.Samples.ContinuedPretraining;

/// <summary>The command line.</summary>
internal sealed record JobOptions
{
    public required string Model { get; init; }

    public ModelPlacement Placement { get; init; } = ModelPlacement.Plain;

    /// <summary>Null for made-up text.</summary>
    public string? Data { get; init; }

    /// <summary>Whether short texts are joined into documents of the whole context.</summary>
    public bool Joins { get; init; }

    public required int ContextLength { get; init; }

    public required int Steps { get; init; }

    public required double LearningRate { get; init; }

    /// <summary>Packs of a step.</summary>
    public required int Packs { get; init; }

    public bool LongLora { get; init; }

    public required int Seed { get; init; }

    public required string Output { get; init; }
}
