namespace LongContext.Samples.QuickStart.Folder;

/// <summary>The command line of the job on a user's model.</summary>
internal sealed class FolderJobOptions
{
    public required string Model { get; init; }

    public required string Data { get; init; }

    public required int ContextLength { get; init; }

    public int? HeldOutDocuments { get; init; }

    public required long Tokens { get; init; }

    public double? LearningRate { get; init; }

    public required int Seed { get; init; }

    public bool MeasureOnly { get; init; }

    public required string Output { get; init; }
}
