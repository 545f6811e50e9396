using System.Collections.ObjectModel;

namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>An item as a generator makes it.</summary>
internal sealed record RulerDraft
{
    public string Before { get; init; } = string.Empty;

    public required string Context { get; init; }

    public required string After { get; init; }

    public required string AnswerPrefix { get; init; }

    public required IReadOnlyList<string> Answers { get; init; }

    /// <summary>Tokens of prompt and answer prefix.</summary>
    public required int Tokens { get; init; }

    public double? Depth { get; init; }

    public IReadOnlyDictionary<string, string> Properties { get; init; } = ReadOnlyDictionary<string, string>.Empty;
}
