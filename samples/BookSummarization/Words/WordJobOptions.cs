namespace LongContext.Samples.BookSummarization.Words;

/// <summary>The command line of the job on the word model.</summary>
internal sealed record WordJobOptions
{
    /// <summary>Lengths of chapters, question and summary included, to measure at; in tokens.</summary>
    public required IReadOnlyList<int> Lengths { get; init; }

    /// <summary>Chapters of each length.</summary>
    public required int Chapters { get; init; }

    /// <summary>Tokens to tune on.</summary>
    public required long Tokens { get; init; }

    public required int Seed { get; init; }

    public required string Output { get; init; }
}
