using System.Collections.ObjectModel;

namespace LongContext.Evaluation.Tasks.Records;

/// <summary>A question of your own with what it should be answered with.</summary>
public sealed record Question
{
    /// <summary>The question. Required.</summary>
    public required string Text { get; init; }

    /// <summary>Right answers: text, or of <see cref="Choices"/> a letter or the choice's own text. Required; empty where a metric of yours needs none.</summary>
    public required IReadOnlyList<string> Answers { get; init; }

    /// <summary>The long text it is about, or null (the default) for none.</summary>
    public string? Context { get; init; }

    /// <summary>Names it, the same in every run; null (the default) for "#1" and so on, by its number.</summary>
    public string? Id { get; init; }

    /// <summary>The part of the task it counts in, for which there is a figure of its own; null (the default) for none.</summary>
    public string? Group { get; init; }

    /// <summary>The answers to choose among, at most 26; they are shown as A, B, C. Default: none.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>What else is known of it, by name: for places of the template, and for reports. Default: nothing.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = ReadOnlyDictionary<string, string>.Empty;
}
