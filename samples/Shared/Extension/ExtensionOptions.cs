using LongContext.Samples.Shared.Loading;

namespace LongContext.Samples.Shared.Extension;

/// <summary>What a user's model is to be extended to, and on which text.</summary>
internal sealed record ExtensionOptions
{
    public required string Model { get; init; }

    public required string Data { get; init; }

    public required int ContextLength { get; init; }

    public int? HeldOutDocuments { get; init; }

    public required long Tokens { get; init; }

    public double? LearningRate { get; init; }

    public ModelPlacement Placement { get; init; } = ModelPlacement.Plain;

    public required int Seed { get; init; }

    public bool MeasureOnly { get; init; }

    public required string Output { get; init; }
}
