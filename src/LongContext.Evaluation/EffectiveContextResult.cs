using System.Globalization;
using System.Text;
using LongContext.Evaluation.Reports;

namespace LongContext.Evaluation;

/// <summary>Up to which length a model is reliable.</summary>
public sealed record EffectiveContextResult
{
    /// <summary>The model's name. Required.</summary>
    public required string Model { get; init; }

    /// <summary>The score that had to be reached. Required.</summary>
    public required double Threshold { get; init; }

    /// <summary>The confidence of each bracket. Required.</summary>
    public required double ConfidenceLevel { get; init; }

    /// <summary>Task by task, in the order they were given. Required.</summary>
    public required IReadOnlyList<EffectiveLength> Tasks { get; init; }

    /// <summary>For the mean over the tasks, as RULER states it; with one task the same as that task's. A task without an item of any length is left out, as a note says; a length at which any other has none is not measured. Required.</summary>
    public required EffectiveLength Average { get; init; }

    /// <summary>The length that the model keeps the threshold to in every task, or null where one has none: it fails at the shortest, or has no item.</summary>
    public int? Minimum => Tasks.Any(task => task.Length is null) ? null : Tasks.Min(task => task.Length);

    /// <summary>Every item that was asked, for reports: with the tasks' own names, by task, length and item. Required.</summary>
    public required IReadOnlyList<ItemResult> Items { get; init; }

    /// <summary>What the reader should know. Default: nothing.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>When the search began. Default: not known.</summary>
    public DateTimeOffset Began { get; init; }

    /// <summary>The result as a report, to be written as page, Markdown, JSON lines and tables: what was found, what was measured at which length, and every item.</summary>
    /// <param name="title">Its title. Default: "Effective context".</param>
    public EvaluationReport ToReport(string title = "Effective context")
    {
        ArgumentNullException.ThrowIfNull(title);
        return EffectiveContextReport.Of(this, title);
    }

    /// <summary>Lines for people: the model, each task, and with several their average and the length that holds in all of them.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{Model}, threshold {Threshold:0.###}\n");
        foreach (EffectiveLength task in Tasks) text.Append(task).Append('\n');
        if (Tasks.Count > 1) text.Append(Average).Append('\n').Append(Minimum is { } all ? string.Create(CultureInfo.InvariantCulture, $"in every task: {all:N0} tokens") : "in every task: none").Append('\n');
        return text.ToString();
    }
}
