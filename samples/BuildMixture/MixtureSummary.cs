namespace LongContext.Samples.BuildMixture;

/// <summary>What a mixture gave and how it was packed, as it stands in report.json.</summary>
internal sealed record MixtureSummary
{
    public required string Name { get; init; }

    /// <summary>The folder of its tokens, a <see cref="Data.Caching.TokenCache"/>.</summary>
    public required string Folder { get; init; }

    public required long Tokens { get; init; }

    public required long Sequences { get; init; }

    public required long Packs { get; init; }

    public required double FillRate { get; init; }

    /// <summary>Empty where the tokens were there already and the report of the run that wrote them is gone.</summary>
    public required IReadOnlyList<ShareSummary> Shares { get; init; }
}
