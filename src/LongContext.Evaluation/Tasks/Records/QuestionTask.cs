using LongContext.Data;
using LongContext.Data.Reading;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Records;

/// <summary>Your own questions, from files or from a list: how well a model answers them.</summary>
/// <remarks>
/// Figures: the score times 100 under its metric's name, the other metrics likewise, and the score of each group under the group's name, in the order in which they occur.
/// </remarks>
/// <example>
/// <code>
/// QuestionTask task = QuestionTask.Load("questions.jsonl", new QuestionTaskOptions { Metric = AnswerMetrics.Get("word_f1") });
/// </code>
/// with lines like <c>{"context": "...", "question": "...", "answers": ["...", "..."]}</c>.
/// </example>
public sealed class QuestionTask : AnswerTask
{
    private readonly QuestionTaskOptions options;
    private readonly Func<CancellationToken, IEnumerable<EvaluationItem>> items;
    private readonly QuestionSurvey survey;

    /// <summary>Questions of a list.</summary>
    /// <param name="questions">The questions, at least one.</param>
    /// <param name="options">How they are asked and scored. Default: that of <see cref="QuestionTaskOptions"/>; columns and reading are not looked at.</param>
    /// <exception cref="ArgumentException">An option or a question is at fault; the message names it.</exception>
    public QuestionTask(IReadOnlyList<Question> questions, QuestionTaskOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(questions);
        this.options = options ??= new QuestionTaskOptions();
        options.Validate();
        QuestionTemplate template = new(options, hasContext: null);
        Question[] kept = [.. questions.Take(options.MaximumItems ?? int.MaxValue)];
        HashSet<string> ids = new(StringComparer.Ordinal);
        EvaluationItem[] made = [.. kept.Select(Create)];
        items = _ => made;
        ContentHash hash = new();
        foreach (Question question in kept)
        {
            hash.Add(question.Id).Add(question.Text).Add(question.Context).Add(question.Group).AddAll(question.Answers).AddAll(question.Choices);
            hash.AddAll([.. question.Properties.OrderBy(property => property.Key, StringComparer.Ordinal).SelectMany(property => new[] { property.Key, property.Value })]);
        }

        survey = Survey(made);
        if (Count == 0) throw new ArgumentException("There is no question.", nameof(questions));
        Name = NameOf(options);
        Identity = IdentityOf(hash);

        EvaluationItem Create(Question question, int index)
        {
            if (question?.Text is null || question.Answers is null || question.Choices is null || question.Properties is null)
                throw new ArgumentException(FormattableString.Invariant($"Question {index + 1} is null, or has a member that is."), nameof(questions));
            try
            {
                EvaluationItem item = template.Create(question, index + 1);
                Check(item, ids);
                return item;
            }
            catch (DataFormatException fault)
            {
                throw new ArgumentException(FormattableString.Invariant($"Question {index + 1}: {fault.Message}"), nameof(questions));
            }
        }
    }

    private QuestionTask(IReadOnlyList<string> patterns, QuestionTaskOptions options, CancellationToken cancellationToken)
    {
        this.options = options;
        options.Validate();
        QuestionTemplate template = new(options, options.Columns.HasContext);
        QuestionReader reader = new(options.Columns, [.. template.OtherNames]);
        // Texts that questions are about are hashed when they are met, each once.
        SortedSet<string> contextFiles = new(StringComparer.Ordinal);
        DataFileList files;
        using (RecordSource<DataRecord> found = RecordSource.FromFiles(patterns, options.Reading)) files = new DataFileList(found.Files);
        survey = Survey(Read(files, template, reader, contextFiles, cancellationToken));
        if (Count == 0) throw new DataFormatException(files.Paths[0], null, "there is no record, expected questions.");
        items = token => Read(files, template, reader, null, token);
        Name = NameOf(options);
        Identity = IdentityOf(options.Columns.AddTo(new ContentHash().AddFiles(files.Paths).AddFiles(contextFiles).Add(options.Reading.Identity)));
    }

    /// <inheritdoc />
    public override string Name { get; }

    /// <inheritdoc />
    public override string Identity { get; }

    /// <inheritdoc />
    public override IReadOnlyList<string> Deviations => [.. TaskDeviations.First(options.MaximumItems)];

    /// <inheritdoc />
    public override int? ItemCount => Count;

    /// <summary>How many questions there are.</summary>
    public int Count => survey.Count;

    /// <summary>Says so where right answers are so short that other answers may hold them by chance.</summary>
    public override IReadOnlyList<string> Notes => survey.Note is { } note ? [$"'{Name}': {note}"] : [];

    /// <summary>The questions of a file. Every record is read and checked once.</summary>
    /// <param name="path">A file, a folder or a pattern, as <see cref="DataFiles.Find"/> takes them: JSON, lines of JSON, CSV, TSV or Parquet, compressed or not.</param>
    /// <param name="options">How they are read, asked and scored. Default: that of <see cref="QuestionTaskOptions"/>.</param>
    /// <param name="cancellationToken">Ends reading.</param>
    /// <exception cref="ArgumentException">An option is at fault; the message lists all faults.</exception>
    /// <exception cref="FileNotFoundException">Nothing is found.</exception>
    /// <exception cref="DataFormatException">A record is at fault; the message names file, line and field.</exception>
    public static QuestionTask Load(string path, QuestionTaskOptions? options = null, CancellationToken cancellationToken = default) => Load([path], options, cancellationToken);

    /// <summary>The questions of several files. Every record is read and checked once.</summary>
    /// <param name="patterns">Files, folders and patterns, as <see cref="DataFiles.Find"/> takes them.</param>
    /// <param name="options">How they are read, asked and scored. Default: that of <see cref="QuestionTaskOptions"/>.</param>
    /// <param name="cancellationToken">Ends reading.</param>
    /// <exception cref="ArgumentException">An option is at fault; the message lists all faults.</exception>
    /// <exception cref="FileNotFoundException">Nothing is found.</exception>
    /// <exception cref="DataFormatException">A record is at fault; the message names file, line and field.</exception>
    public static QuestionTask Load(IReadOnlyList<string> patterns, QuestionTaskOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(patterns);
        return new QuestionTask(patterns, options ?? new QuestionTaskOptions(), cancellationToken);
    }

    /// <inheritdoc />
    public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer) => items(CancellationToken.None);

    /// <inheritdoc />
    public override ItemScore Score(EvaluationItem item, string answer)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(answer);
        AnswerMetric main = MetricOf(item);
        ItemScore score = main.Score(item, answer);
        if (score.Value is not (>= 0 and <= 1))
            throw new InvalidOperationException(FormattableString.Invariant($"The metric {main} gave {score.Value} for the item {item.Id}, expected 0 to 1; other measures go into {nameof(QuestionTaskOptions.OtherMetrics)}."));
        if (options.OtherMetrics.Count == 0) return score;
        Dictionary<string, double> details = new(score.Details, StringComparer.Ordinal);
        foreach (AnswerMetric metric in options.OtherMetrics) details[metric.Name] = metric.Score(item, answer).Value;
        return score with { Details = details };
    }

    /// <inheritdoc />
    public override IReadOnlyList<TaskFigure> Summarize(IReadOnlyList<ItemResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        return
        [
            new TaskFigure(survey.ScoreName, Mean(results.Select(result => result.Score!.Value))),
            .. options.OtherMetrics.Select(metric => new TaskFigure(metric.Name, Mean(results.Select(result => result.Details[metric.Name])))),
            .. results.Where(result => result.Group is not null).GroupBy(result => result.Group!, StringComparer.Ordinal)
                .Select(group => new TaskFigure(group.Key, Mean(group.Select(result => result.Score!.Value)))),
        ];
    }

    private static double? Mean(IEnumerable<double> scores) => scores.Select(score => (double?)(100 * score)).Average();

    private static string NameOf(QuestionTaskOptions options) => options.Name + (options.MaximumItems is { } most ? FormattableString.Invariant($" (first {most})") : "");

    private AnswerMetric MetricOf(EvaluationItem item) => options.Metric ?? (item.Choices.Count > 0 ? AnswerMetrics.ChoiceLetter : AnswerMetrics.ContainsWords);

    private QuestionSurvey Survey(IEnumerable<EvaluationItem> all)
    {
        QuestionSurvey counted = new();
        foreach (EvaluationItem item in all) counted.Add(item, MetricOf(item));
        return counted;
    }

    /// <summary>Finds out before a model is asked that an answer to the item cannot be scored.</summary>
    /// <exception cref="DataFormatException">It cannot.</exception>
    private void Check(EvaluationItem item, HashSet<string> ids)
    {
        if (string.IsNullOrWhiteSpace(item.Prompt.Query)) throw new DataFormatException("the question is empty, expected text.");
        if (!ids.Add(item.Id)) throw new DataFormatException($"the id is \"{item.Id}\", as that of a question before it.");
        foreach (AnswerMetric metric in options.OtherMetrics.Prepend(MetricOf(item)).Where(AnswerMetrics.All.Contains))
        {
            if (metric == AnswerMetrics.ChoiceLetter && item.Choices.Count == 0) throw new DataFormatException($"there are no choices, of which the metric {metric} reads one.");
            if (item.Answers.Count == 0) throw new DataFormatException($"there is no right answer, with which the metric {metric} compares.");
            // An empty text occurs in every answer, so that every one would be right.
            if (item.Answers.Any(string.IsNullOrWhiteSpace)) throw new DataFormatException($"a right answer is empty, expected text, with which the metric {metric} compares.");
        }
    }

    private IEnumerable<EvaluationItem> Read(DataFileList files, QuestionTemplate template, QuestionReader reader, SortedSet<string>? contextFiles, CancellationToken cancellationToken)
    {
        int number = 0;
        HashSet<string> ids = new(StringComparer.Ordinal);
        using RecordSource<EvaluationItem> source = new(files, Create, "questions", options.Reading);
        while ((options.MaximumItems is not { } most || number < most) && source.Next(cancellationToken) is { } item)
        {
            number++;
            yield return item;
        }

        EvaluationItem Create(DataRecord record)
        {
            // A text that many questions are about is looked at once.
            if (contextFiles is not null && reader.ContextFile(record) is { } path && contextFiles.Add(path)) QuestionReader.ReadText(path);
            EvaluationItem item = template.Create(reader.Read(record, loadContext: contextFiles is null), number + 1);
            Check(item, ids);
            return item;
        }
    }

    private string IdentityOf(ContentHash hash)
    {
        string metric = options.Metric?.Name ?? $"{AnswerMetrics.ChoiceLetter} or {AnswerMetrics.ContainsWords}";
        // In words as far as that is short: a run that finds results of other settings names what differs by it.
        return FormattableString.Invariant($"{Name}: metric {metric}{string.Concat(options.OtherMetrics.Select(other => $" and {other}"))}, truncation {options.Truncation.Name}, style {options.Style}, ")
            + FormattableString.Invariant($"{options.Settings.MaximumNewTokens} tokens, temperature {options.Settings.Temperature}, other settings {new ContentHash().Add(options.Settings)}, ")
            + $"prompt {new ContentHash().Add(options.Template).Add(options.System).Add(options.AnswerPrefix)}, questions {hash.Add(options.MaximumItems)}";
    }
}
