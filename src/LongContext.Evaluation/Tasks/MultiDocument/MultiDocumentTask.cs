using System.Globalization;
using LongContext.Data;
using LongContext.Data.Making;
using LongContext.Data.Reading;
using LongContext.Evaluation.Metrics;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.MultiDocument;

/// <summary>Questions about many documents, one of which has the answer, at different positions: "Lost in the Middle".</summary>
/// <remarks>
/// Liu et al. 2023 (arXiv 2307.03172), with the prompts, positions and score (best_subspan_em of the answer's first line) of nelson-liu/lost-in-the-middle 29b8a6d. Prompts that
/// are too long for a model are not cut, as there.
/// </remarks>
public sealed class MultiDocumentTask : AnswerTask, IPartedTask
{
    private const int OfficialQuestions = 2_655;

    private readonly MultiDocumentTaskOptions options;
    private readonly MultiDocumentQuestion[] questions;
    private readonly int[] positions;
    private readonly MultiDocumentMaker[] makers;

    /// <summary>Makes a task of questions that are there already.</summary>
    /// <param name="questions">At least one; with their documents in order where they are to stand as given.</param>
    /// <param name="options">How many documents, and where the gold one stands. Default: 20, at the paper's five positions.</param>
    /// <exception cref="ArgumentException">An option is out of its range, the message names all that are; or a question has too few documents, or none in order.</exception>
    public MultiDocumentTask(IEnumerable<MultiDocumentQuestion> questions, MultiDocumentTaskOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(questions);
        this.options = options ??= new MultiDocumentTaskOptions();
        options.Validate();
        this.questions = [.. options.MaximumQuestions is { } most ? questions.Take(most) : questions];
        if (this.questions.Length == 0) throw new ArgumentException("There is no question, expected at least one.", nameof(questions));
        positions = [.. options.EffectivePositions];
        PassageDocument[] pool = options.BorrowsDistractors ? [.. this.questions.SelectMany(question => question.Distractors.Append(question.Gold))] : [];
        makers = [.. (options.AsGiven ? [0] : positions).Select(position => new MultiDocumentMaker(options.AsGiven ? new MultiDocumentOptions { Form = options.Form } : new MultiDocumentOptions
        {
            MinimumDocuments = options.DocumentCount,
            MaximumDocuments = options.DocumentCount,
            Placement = GoldPlacement.At(position),
            Form = options.Form,
            ShuffleDistractors = options.ShuffleDistractors,
            Pool = pool,
            Seed = options.Seed,
        }))];
        for (int i = 0; i < this.questions.Length; i++) _ = Arrange(i, 0);
        Parts = [.. Enumerable.Range(0, makers.Length).Select(maker => new ItemPart(null, this.questions.Length, _ => Enumerable.Range(0, this.questions.Length).Select(question => Create(question, maker))))];
        Name = options.Name ?? (options.AsGiven ? "multi-document" : string.Create(CultureInfo.InvariantCulture, $"multi-document/{options.DocumentCount}"));
        Identity = Settings.Text(
            Name, options.Seed, options.AsGiven ? 1 : 0, options.DocumentCount, positions, options.Form, options.ShuffleDistractors ? 1 : 0, options.BorrowsDistractors ? 1 : 0,
            options.MaximumNewTokens, this.questions.Select(question => (object[])[question.Question, question.Answers, question.Gold, question.Distractors, question.Given]));
    }

    /// <summary>Makes a task of files: the paper's jsonl.gz files of one or many gold positions, or its retrieval results.</summary>
    /// <param name="files">Files, folders and patterns, as <see cref="DataFiles.Find"/> takes them; records as <see cref="MultiDocumentQuestion.Read"/> has them.</param>
    /// <param name="options">How many documents, and where the gold one stands. Default: 20, at the paper's five positions.</param>
    /// <exception cref="ArgumentException">As for the constructor.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="DataFormatException">A record is not in the form expected; the message names file, line and field.</exception>
    public static MultiDocumentTask Load(IReadOnlyList<string> files, MultiDocumentTaskOptions? options = null)
    {
        using RecordSource<MultiDocumentQuestion> source = RecordSource.FromFiles(files, MultiDocumentQuestion.Read);
        List<MultiDocumentQuestion> read = [];
        int most = options?.MaximumQuestions ?? int.MaxValue;
        while (read.Count < most && source.Next() is { } question) read.Add(question);
        return new MultiDocumentTask(read, options);
    }

    /// <inheritdoc />
    public override string Name { get; }

    /// <inheritdoc />
    public override string Identity { get; }

    /// <inheritdoc />
    public override IReadOnlyList<string> Deviations =>
    [
        .. TaskDeviations.Number(questions.Length, OfficialQuestions, "questions"),
        .. TaskDeviations.Where(options.BorrowsDistractors, "distractors of other questions"),
        .. TaskDeviations.Where(!options.AsGiven && options.DocumentCount is not (10 or 20 or 30), "another number of documents than the paper's"),
        .. TaskDeviations.Where(options.GoldPositions.Count > 0, "other positions than the paper's"),
    ];

    /// <inheritdoc />
    public override int? ItemCount => makers.Length * questions.Length;

    string IPartedTask.PartName => "gold position";

    IReadOnlyList<ItemPart> IPartedTask.Parts => Parts;

    private IReadOnlyList<ItemPart> Parts { get; }

    /// <inheritdoc />
    public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return Parts.SelectMany(part => part.CreateItems(tokenizer));
    }

    /// <summary>best_subspan_em: 1 if the answer's first line holds any right answer, both in SQuAD's normal form, else 0.</summary>
    /// <param name="item">The item.</param>
    /// <param name="answer">What the model said.</param>
    public override ItemScore Score(EvaluationItem item, string answer)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(answer);
        string first = LostInTheMiddle.FirstLine(answer);
        return new ItemScore(LostInTheMiddle.BestSubspanExactMatch(first, item.Answers)) { Judged = first == answer ? null : first };
    }

    /// <summary>The mean of all scores times 100, named score, then that of each gold position, such as "gold at 4".</summary>
    /// <param name="results">Results of one model and one strategy that have a score.</param>
    public override IReadOnlyList<TaskFigure> Summarize(IReadOnlyList<ItemResult> results) =>
        [.. base.Summarize(results), .. results.GroupBy(result => result.Group).OrderBy(group => int.Parse(group.Key![8..], CultureInfo.InvariantCulture))
            .Select(group => new TaskFigure(group.Key!, 100 * group.Average(result => result.Score!.Value)))];

    private (IReadOnlyList<PassageDocument> Documents, int Gold) Arrange(int question, int maker)
    {
        if (!options.AsGiven) return makers[maker].Arrange(questions[question], question);
        _ = makers[maker].MakeAsGiven(questions[question]); // says what is missing
        return (questions[question].Given, questions[question].GivenGoldPosition);
    }

    private EvaluationItem Create(int question, int maker)
    {
        (IReadOnlyList<PassageDocument> documents, int gold) = Arrange(question, maker);
        (string before, string context, string after) = MultiDocumentPrompt.Parts(questions[question].Question, documents, options.Form);
        string group = string.Create(CultureInfo.InvariantCulture, $"gold at {gold}");
        return new EvaluationItem
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{question}-{gold}"),
            Prompt = new EvaluationPrompt { Before = before, Context = context, After = after, Query = questions[question].Question },
            Answers = questions[question].Answers,
            Settings = new AnswerSettings { MaximumNewTokens = options.MaximumNewTokens },
            Depth = documents.Count > 1 ? gold / (documents.Count - 1.0) : null,
            Group = group,
            Properties = new Dictionary<string, string>
            {
                ["goldPosition"] = gold.ToString(CultureInfo.InvariantCulture),
                ["documentCount"] = documents.Count.ToString(CultureInfo.InvariantCulture),
            },
        };
    }
}
