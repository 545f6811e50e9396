namespace LongContext.Samples.BuildMixture;

internal sealed class JobOptions
{
    /// <summary>Folder of the tokenizer.</summary>
    public required string Model { get; init; }

    public required MixtureFiles Files { get; init; }

    public required int ContextLength { get; init; }

    public required int MinimumTokens { get; init; }

    /// <summary>A mixture is read until it has given so many tokens, or has ended.</summary>
    public required long MostTokens { get; init; }

    public required int Seed { get; init; }

    public required string Output { get; init; }
}
