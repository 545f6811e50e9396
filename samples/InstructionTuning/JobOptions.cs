using LongContext.Samples.Shared.Loading;

namespace LongContext.Samples.InstructionTuning;

/// <summary>The command line.</summary>
internal sealed record JobOptions
{
    public required string Model { get; init; }

    public ModelPlacement Placement { get; init; } = ModelPlacement.Plain;

    public required string Data { get; init; }

    /// <summary>A file with functions for conversations that bring none; null for no functions.</summary>
    public string? Tools { get; init; }

    /// <summary>Null for the model's window.</summary>
    public int? ContextLength { get; init; }

    /// <summary>Passes over the conversations.</summary>
    public required int Epochs { get; init; }

    public required double LearningRate { get; init; }

    /// <summary>Packs of a step.</summary>
    public required int Packs { get; init; }

    public bool Lora { get; init; }

    /// <summary>Name of the chat format; null for the one that the model's folder has a template of.</summary>
    public string? Format { get; init; }

    public required int Seed { get; init; }

    public required string Output { get; init; }
}
