namespace LongContext.Samples.BookSummarization;

/// <summary>The command line.</summary>
internal sealed record JobOptions
{
    public required string Model { get; init; }
    public required IReadOnlyList<int> Lengths { get; init; }
    public required int Chapters { get; init; }
    public required long Tokens { get; init; }
    public double? LearningRate { get; init; }
    public required int Seed { get; init; }
    public bool TunedOnly { get; init; }
    public required string Output { get; init; }
}
