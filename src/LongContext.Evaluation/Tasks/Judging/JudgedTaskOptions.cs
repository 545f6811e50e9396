namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>Options of a <see cref="JudgedTask"/>.</summary>
public sealed record JudgedTaskOptions
{
    /// <summary>The task's name in reports. Default: "judged".</summary>
    public string Name { get; init; } = "judged";

    /// <summary>The judges, at least one, of different names. Required.</summary>
    public required IReadOnlyList<Judge> Judges { get; init; }

    /// <summary>
    /// The prompt, with {question} and one {context}; {{ and }} stand for braces. Default: the context, a blank line and the question. A question without a context is asked alone.
    /// </summary>
    public string Template { get; init; } = "{context}\n\n{question}";

    /// <summary>The system message, or null (the default) for none.</summary>
    public string? System { get; init; }

    /// <summary>How a prompt that does not fit is cut. Default: the context's middle goes.</summary>
    public PromptTruncation Truncation { get; init; } = PromptTruncation.ContextMiddle;

    /// <summary>How answers are generated. Default: greedily, at most 1024 tokens.</summary>
    public AnswerSettings Settings { get; init; } = new() { MaximumNewTokens = 1024 };

    /// <summary>Of records in files, the field with the question. Default: "question".</summary>
    public string QuestionColumn { get; init; } = "question";

    /// <summary>The field with the right answer, text or an array of which the first is taken. Default: "answer".</summary>
    public string ReferenceColumn { get; init; } = "answer";

    /// <summary>The field with the long text; null for none. Default: "context". A record may be without it.</summary>
    public string? ContextColumn { get; init; } = "context";

    /// <summary>The field that names a record, text or a number. Default: "id". A record without it is named "#1" and so on, by its number.</summary>
    public string IdColumn { get; init; } = "id";

    /// <summary>The field with the part of the task that a record counts in. Default: "group". A record may be without it.</summary>
    public string GroupColumn { get; init; } = "group";

    internal void Validate()
    {
        List<string> faults = [];
        foreach ((string name, string? value) in new[] { (nameof(Name), Name), (nameof(QuestionColumn), QuestionColumn), (nameof(ReferenceColumn), ReferenceColumn), (nameof(IdColumn), IdColumn), (nameof(GroupColumn), GroupColumn) })
        {
            if (string.IsNullOrWhiteSpace(value)) faults.Add($"{name} is empty, expected text");
        }

        if (ContextColumn is { Length: 0 }) faults.Add($"{nameof(ContextColumn)} is empty, expected text, or null");
        if (Template is null) faults.Add($"{nameof(Template)} is null");
        if (Truncation is null) faults.Add($"{nameof(Truncation)} is null");
        if (Settings is null) faults.Add($"{nameof(Settings)} is null");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(JudgedTaskOptions)}: {string.Join("; ", faults)}.");
    }
}
