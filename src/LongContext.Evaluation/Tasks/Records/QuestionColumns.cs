namespace LongContext.Evaluation.Tasks.Records;

/// <summary>
/// Which fields of a record are what. A name may be a path into nested objects ("answers.text" for SQuAD). A field that is named otherwise than by default must be there in every record.
/// </summary>
public sealed record QuestionColumns
{
    internal const string DefaultAnswers = "answers", OtherAnswers = "answer", DefaultId = "id", DefaultGroup = "group", DefaultChoices = "choices";

    /// <summary>LongBench's and InfiniteBench's names: context, input and answers.</summary>
    public static QuestionColumns LongBench { get; } = new() { Question = "input", Id = "_id" };

    /// <summary>SQuAD's names, as Hugging Face has them: context, question, answers.text and id.</summary>
    public static QuestionColumns Squad { get; } = new() { Answers = "answers.text" };

    /// <summary>MMLU's names, as Hugging Face has them: question, choices, answer as a number from 0, and subject; there is no context.</summary>
    public static QuestionColumns Mmlu { get; } = new() { Context = null, Answers = "answer", ChoiceAnswers = ChoiceAnswerForm.NumberFrom0, Group = "subject" };

    /// <summary>The question: text. Default: "question".</summary>
    public string Question { get; init; } = "question";

    /// <summary>The long text it is about. Default: "context"; null where there is none, or where it is in a <see cref="ContextFile"/>.</summary>
    public string? Context { get; init; } = "context";

    /// <summary>
    /// The name of a text file (UTF-8) with the long text, relative to the data file's folder and below it; takes the place of <see cref="Context"/>. Default: null.
    /// </summary>
    public string? ContextFile { get; init; }

    /// <summary>Right answers: a string, a number or an array of these. Default: "answers", or "answer" where there is no such field.</summary>
    public string Answers { get; init; } = DefaultAnswers;

    /// <summary>What stands between several answers in one text, as in a table ("|"); null (the default) where a text is one answer.</summary>
    public string? AnswerSeparator { get; init; }

    /// <summary>Names the record. Default: "id" where there is one, else the record's number, from 1.</summary>
    public string Id { get; init; } = DefaultId;

    /// <summary>The part of the task it counts in. Default: "group" where there is one.</summary>
    public string Group { get; init; } = DefaultGroup;

    /// <summary>The choices, an array of strings or numbers. Default: "choices" where there is one.</summary>
    public string Choices { get; init; } = DefaultChoices;

    /// <summary>The fields of one choice each, in order, where they are not in one array: "choice_A", "choice_B" and so on. Default: none.</summary>
    public IReadOnlyList<string> ChoiceColumns { get; init; } = [];

    /// <summary>How <see cref="Answers"/> says which choice is right. Default: by letter or text.</summary>
    public ChoiceAnswerForm ChoiceAnswers { get; init; } = ChoiceAnswerForm.LetterOrText;

    /// <summary>Other fields with a string or a number that reports are to show. Default: none.</summary>
    public IReadOnlyList<string> Properties { get; init; } = [];

    internal bool HasContext => Context is not null || ContextFile is not null;

    internal IEnumerable<string> Faults()
    {
        foreach ((string name, string? value) in new[] { (nameof(Question), Question), (nameof(Answers), Answers), (nameof(Id), Id), (nameof(Group), Group), (nameof(Choices), Choices) })
        {
            if (string.IsNullOrEmpty(value)) yield return $"Columns.{name} is empty, expected a field's name";
        }

        if (Context is { Length: 0 }) yield return $"Columns.{nameof(Context)} is empty, expected a field's name, or null";
        if (ContextFile is { Length: 0 }) yield return $"Columns.{nameof(ContextFile)} is empty, expected a field's name, or null";
        if (AnswerSeparator is { Length: 0 }) yield return $"Columns.{nameof(AnswerSeparator)} is empty, expected text, or null";
        if (ChoiceColumns is null || ChoiceColumns.Any(string.IsNullOrEmpty)) yield return $"Columns.{nameof(ChoiceColumns)} is null or has an empty name";
        if (!Enum.IsDefined(ChoiceAnswers)) yield return $"Columns.{nameof(ChoiceAnswers)} is {ChoiceAnswers}, expected a value of the enumeration";
        if (Properties is null || Properties.Any(string.IsNullOrEmpty)) yield return $"Columns.{nameof(Properties)} is null or has an empty name";
    }

    internal ContentHash AddTo(ContentHash hash) => hash.Add(Question).Add(Context).Add(ContextFile).Add(Answers).Add(AnswerSeparator).Add(Id).Add(Group).Add(Choices)
        .AddAll(ChoiceColumns).Add(ChoiceAnswers).AddAll(Properties);
}
