using LongContext.Samples.Shared.Loading;

namespace LongContext.Samples.Shared.Folder;

/// <summary>The command line of a job on a user's model.</summary>
internal sealed record FolderOptions
{
    public required string Model { get; init; }

    public required ModelPlacement Placement { get; init; }

    /// <summary>Files or patterns.</summary>
    public required IReadOnlyList<string> Data { get; init; }

    /// <summary>The context to train and to measure at, in tokens; null for the model's window.</summary>
    public int? ContextLength { get; init; }

    /// <summary>Most questions or chapters to measure on, at the end of the data; not trained on.</summary>
    public required int HeldOut { get; init; }

    /// <summary>Passes over the training examples.</summary>
    public required int Epochs { get; init; }

    /// <summary>Peak learning rate; null for the published one.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Packs of a step.</summary>
    public required int Packs { get; init; }

    public bool Lora { get; init; }

    /// <summary>Whether nothing is trained.</summary>
    public bool MeasureOnly { get; init; }

    public required int Seed { get; init; }

    public required string Output { get; init; }
}
