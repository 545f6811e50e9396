namespace LongContext.Samples.PrepareLongAlign;

/// <summary>The command line.</summary>
internal sealed record JobOptions
{
    /// <summary>Files and patterns; none for the built-in data.</summary>
    public required IReadOnlyList<string> Data { get; init; }

    public required string Model { get; init; }

    /// <summary>Name of the chat format; null for the one that the model's folder has a template of.</summary>
    public string? Format { get; init; }

    public required int ContextLength { get; init; }

    public required int Seed { get; init; }

    /// <summary>From which similarity on a conversation is a duplicate; 1 for equal ones only.</summary>
    public required double Similarity { get; init; }

    /// <summary>Whether a bad record stops the run.</summary>
    public bool Strict { get; init; }

    /// <summary>Whether conversations out of order are mended rather than bad.</summary>
    public bool Mend { get; init; }

    public required string Output { get; init; }
}
