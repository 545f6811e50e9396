using LongContext.Data.Reading;

namespace LongContext.Evaluation.Tasks.Records;

/// <summary>How your own questions are read, asked and scored.</summary>
public sealed record QuestionTaskOptions
{
    /// <summary>The task's name in reports. Default: "questions".</summary>
    public string Name { get; init; } = "questions";

    /// <summary>Which fields of the records are what. Default: question, context, answers, and where there are such fields id, group and choices.</summary>
    public QuestionColumns Columns { get; init; } = new();

    /// <summary>
    /// The prompt, with {question}, {context} and, where there are choices, {choices} where they go, and any other field by its name; {{ and }} are braces. Null (the default) for a
    /// plain one: the context, the question, the choices a line each, and "Answer:".
    /// </summary>
    public string? Template { get; init; }

    /// <summary>The system message, or null (the default) for none.</summary>
    public string? System { get; init; }

    /// <summary>The beginning of the answer, which is given to the model. Default: empty.</summary>
    public string AnswerPrefix { get; init; } = string.Empty;

    /// <summary>Whether the prompt is a message of a chat or text to go on with. Default: a message.</summary>
    public PromptStyle Style { get; init; } = PromptStyle.Chat;

    /// <summary>
    /// How a prompt is cut that does not fit into the model. Default: not at all, so that such items are reported as too long; <see cref="PromptTruncation.ContextMiddle"/> keeps the
    /// question whole.
    /// </summary>
    public PromptTruncation Truncation { get; init; } = PromptTruncation.None;

    /// <summary>How answers are generated. Default: greedily, at most 128 tokens.</summary>
    public AnswerSettings Settings { get; init; } = new();

    /// <summary>
    /// What the score is: one of <see cref="AnswerMetrics"/>, or your own, whose scores are from 0 to 1. Null (the default) for <see cref="AnswerMetrics.ChoiceLetter"/> where there are choices, and else
    /// <see cref="AnswerMetrics.ContainsWords"/>.
    /// </summary>
    public AnswerMetric? Metric { get; init; }

    /// <summary>Metrics that are reported beside it, each by its name. Default: none.</summary>
    public IReadOnlyList<AnswerMetric> OtherMetrics { get; init; } = [];

    /// <summary>Only the first so many questions, which the task's name says; null (the default) for all.</summary>
    public int? MaximumItems { get; init; }

    /// <summary>How files are read: tables' columns, the form of files whose names do not say it, what becomes of bad lines. Default: a bad line is a fault.</summary>
    public RecordSourceOptions Reading { get; init; } = new();

    internal void Validate()
    {
        List<string> faults = [];
        if (string.IsNullOrWhiteSpace(Name)) faults.Add($"{nameof(Name)} is blank");
        if (Columns is null) faults.Add($"{nameof(Columns)} is null");
        else faults.AddRange(Columns.Faults());
        if (AnswerPrefix is null) faults.Add($"{nameof(AnswerPrefix)} is null");
        if (!Enum.IsDefined(Style)) faults.Add($"{nameof(Style)} is {Style}, expected a value of the enumeration");
        if (Truncation is null) faults.Add($"{nameof(Truncation)} is null");
        if (Settings is null) faults.Add($"{nameof(Settings)} is null");
        if (Reading is null) faults.Add($"{nameof(Reading)} is null");
        if (OtherMetrics is null || OtherMetrics.Any(metric => metric is null)) faults.Add($"{nameof(OtherMetrics)} is or has null");
        else if (OtherMetrics.Append(Metric).OfType<AnswerMetric>().GroupBy(metric => metric.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            faults.Add($"{nameof(Metric)} and {nameof(OtherMetrics)} have \"{twice.Key}\" twice");
        if (MaximumItems < 1) faults.Add(FormattableString.Invariant($"{nameof(MaximumItems)} is {MaximumItems}, expected at least 1"));
        if (faults.Count > 0) throw new ArgumentException($"{nameof(QuestionTaskOptions)}: {string.Join("; ", faults)}.");
    }
}
