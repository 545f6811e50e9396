using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Data;
using LongContext.Data.Making;
using LongContext.Data.Reading;
using LongContext.Evaluation.Tasks.Records;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>Open questions of your own, whose answers one or more models rate against right ones. All questions are held in memory.</summary>
public sealed class JudgedTask : EvaluationTask, IJudgedTask
{
    private readonly JudgedTaskOptions options;
    private readonly JudgePanel panel;
    private readonly ContextTemplate template;
    private readonly Dictionary<string, JudgedQuestion> questions = [];

    /// <summary>Makes a task.</summary>
    /// <param name="questions">The questions, at least one, of different ids.</param>
    /// <param name="options">Judges, and how it is asked.</param>
    /// <exception cref="ArgumentException">An option or a question is at fault; the message says which.</exception>
    public JudgedTask(IReadOnlyList<JudgedQuestion> questions, JudgedTaskOptions options)
    {
        ArgumentNullException.ThrowIfNull(questions);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        this.options = options;
        panel = new JudgePanel(options.Judges, nameof(options.Judges));
        template = new ContextTemplate(options.Template, "context", ["question"], nameof(options.Template));
        if (questions.Count == 0) throw new ArgumentException("There is no question.", nameof(questions));
        for (int index = 0; index < questions.Count; index++)
        {
            JudgedQuestion one = questions[index];
            string id = one?.Id ?? ItemIds.OfNumber(index + 1);
            string? fault = one is null ? "it is null" : string.IsNullOrWhiteSpace(one.Question) ? "the question is empty, expected text" : string.IsNullOrWhiteSpace(one.Reference) ? "the reference is empty, expected text"
                : panel.ExampleFault(one.Examples.Count) ?? (this.questions.TryAdd(id, one) ? null : "a question before it has the same id");
            if (fault is not null) throw new ArgumentException($"Question \"{id}\": {fault}.", nameof(questions));
        }

        ContentHash hash = new ContentHash().Add(panel.Identity).Add(options.Template).Add(options.System).Add(options.Truncation.Name).Add(options.Settings);
        foreach ((string id, JudgedQuestion one) in this.questions)
        {
            hash.Add(id).Add(one.Question).Add(one.Reference).Add(one.Context).Add(one.Group).Add(one.Examples.Count);
            foreach (RatedAnswer example in one.Examples) hash.Add(example.Answer).Add(example.Rating);
        }

        Identity = $"{Name}: {hash}";
    }

    /// <inheritdoc />
    public override string Name => options.Name;

    IReadOnlyList<Judge> IJudgedTask.Judges => panel.Judges;

    /// <inheritdoc />
    public override string Identity { get; }

    /// <inheritdoc />
    public override int? ItemCount => questions.Count;

    /// <summary>The questions of files.</summary>
    /// <param name="patterns">Files, folders and patterns, as <see cref="DataFiles.Find"/> takes them: JSON, lines of JSON, CSV, TSV or Parquet, compressed or not.</param>
    /// <param name="options">Judges, the names of the fields, and how it is asked.</param>
    /// <param name="cancellationToken">Ends reading.</param>
    /// <exception cref="ArgumentException">An option is at fault; the message says which.</exception>
    /// <exception cref="FileNotFoundException">Nothing is found.</exception>
    /// <exception cref="DataFormatException">A record is at fault; the message names file, line and field.</exception>
    public static JudgedTask Load(IReadOnlyList<string> patterns, JudgedTaskOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        List<JudgedQuestion> questions = [];
        HashSet<string> ids = new(StringComparer.Ordinal);
        using RecordSource<JudgedQuestion> source = RecordSource.FromFiles(patterns, record =>
        {
            JudgedQuestion question = Read(record, options, ids.Count + 1);
            return ids.Add(question.Id!) ? question : throw RecordFields.Fault(record.Origin, $"the id is \"{question.Id}\", as that of a record before it.");
        });
        while (source.Next(cancellationToken) is { } one) questions.Add(one);
        return questions.Count > 0 ? new JudgedTask(questions, options) : throw new DataFormatException(source.Files[0], null, "there is no record, expected questions.");
    }

    /// <inheritdoc />
    public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer) => questions.Select(pair => new EvaluationItem
    {
        Id = pair.Key,
        Prompt = Prompt(pair.Value) with { System = options.System, Query = pair.Value.Question, Truncation = options.Truncation },
        Answers = [pair.Value.Reference],
        Settings = options.Settings,
        Group = pair.Value.Group,
    });

    /// <inheritdoc />
    public override async ValueTask<ItemScore> EvaluateAsync(EvaluationItem item, IModelSession session, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(session);
        if (!questions.TryGetValue(item.Id, out JudgedQuestion? one)) throw new ArgumentException($"The item \"{item.Id}\" is none of this task's.", nameof(item));
        ModelResponse response = await session.AskAsync(item.Prompt, item.Settings, cancellationToken).ConfigureAwait(false);
        JudgeQuestion question = new() { Question = one.Question, Reference = one.Reference, Examples = one.Examples };
        return await panel.ScoreAsync(session, question, response.Text.Trim(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The mean score from 0 to 100, each judge's mean rating, ratings that could not be read, of several judges how far they agree, and the mean of each group.</summary>
    /// <param name="results">Results of one model and one strategy that have a score.</param>
    public override IReadOnlyList<TaskFigure> Summarize(IReadOnlyList<ItemResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        return [.. panel.Figures(results), .. JudgePanel.GroupFigures(results)];
    }

    private EvaluationPrompt Prompt(JudgedQuestion question) =>
        question.Context is { } context ? template.Fill(context, _ => question.Question) : EvaluationPrompt.FromText(question.Question);

    private static JudgedQuestion Read(DataRecord record, JudgedTaskOptions options, int number) => new()
    {
        Question = record.RequireText(options.QuestionColumn),
        Reference = record.Fields[options.ReferenceColumn] is JsonArray ? record.RequireTexts(options.ReferenceColumn)[0] : record.RequireText(options.ReferenceColumn),
        Context = options.ContextColumn is { } context ? RecordFields.OptionalText(record.Fields, context, record.Origin, "") : null,
        Id = TextOrNumber(record, options.IdColumn) ?? ItemIds.OfNumber(number),
        Group = TextOrNumber(record, options.GroupColumn),
    };

    private static string? TextOrNumber(DataRecord record, string name) =>
        record.Fields[name] is JsonValue value && value.GetValueKind() == JsonValueKind.Number ? value.ToString() : RecordFields.OptionalText(record.Fields, name, record.Origin, "");
}
