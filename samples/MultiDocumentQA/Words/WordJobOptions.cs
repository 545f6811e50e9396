namespace LongContext.Samples.MultiDocumentQA.Words;

/// <summary>The command line of the job on the word model.</summary>
internal sealed record WordJobOptions
{
    /// <summary>Numbers of documents to measure with, in rising order.</summary>
    public required IReadOnlyList<int> Documents { get; init; }

    /// <summary>Questions for each number of documents.</summary>
    public required int Questions { get; init; }

    /// <summary>Tokens to tune on.</summary>
    public required long Tokens { get; init; }

    public required int Seed { get; init; }

    public required string Output { get; init; }
}
