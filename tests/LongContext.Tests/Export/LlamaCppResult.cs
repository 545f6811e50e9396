namespace LongContext.Tests.Export;

/// <summary>What llama.cpp made of a <see cref="LlamaCppJob"/>.</summary>
internal sealed record LlamaCppResult
{
    /// <summary>The error that ended the job; null for none.</summary>
    public string? Error { get; init; }

    /// <summary>Warnings and errors on the way.</summary>
    public IReadOnlyList<string> Messages { get; init; } = [];

    public IReadOnlyList<int[]> Texts { get; init; } = [];

    public IReadOnlyList<int[]> Prompts { get; init; } = [];

    /// <summary>Natural logarithms of probabilities [sequence][position][token].</summary>
    public IReadOnlyList<double[][]> Sequences { get; init; } = [];

    public string? ChatTemplate { get; init; }

    /// <summary>The window that the file states.</summary>
    public int TrainContext { get; init; }
}
