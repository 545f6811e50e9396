using LongContext.Data;
using LongContext.Data.Reading;
using LongContext.Evaluation.Metrics;
using LongContext.Evaluation.Tasks.Judging;
using LongContext.Evaluation.Tasks.Records;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Summaries;

/// <summary>
/// Summaries of long documents, scored by ROUGE: GovReport (Huang et al. 2021, arXiv:2104.02112), BookSum (Kryściński et al. 2021, arXiv:2105.08209) and
/// whatever has documents and summaries. All documents are held in memory.
/// </summary>
/// <remarks>
/// ROUGE is Google's, and beside it on demand that of the package LongBench takes. The geometric mean is that of ZeroSCROLLS (Shaham et al. 2023, arXiv:2305.14196). ROUGE-Lsum takes lines for sentences: text without line
/// feeds has one. ROUGE says little of summaries by large models (HELMET, arXiv:2410.02694): beside it ask judges (<see cref="JudgedTask"/>).
/// </remarks>
public sealed class SummarizationTask : AnswerTask
{
    private const string DocumentPlace = "document";
    private static readonly string[] Measures = ["rouge1", "rouge2", "rougeL", "rougeLsum"];
    private static readonly string[] PltrdyMeasures = ["pltrdy rouge-1", "pltrdy rouge-2", "pltrdy rouge-l"];

    private readonly SummarizationTaskOptions options;
    private readonly ContextTemplate template;
    private readonly List<DocumentSummary> documents;

    /// <summary>Makes a task.</summary>
    /// <param name="documents">Documents with summaries, at least one, of different ids.</param>
    /// <param name="options">How it is asked and scored. Default: that of <see cref="SummarizationTaskOptions"/>.</param>
    /// <exception cref="ArgumentException">An option or a document is at fault; the message says which.</exception>
    public SummarizationTask(IReadOnlyList<DocumentSummary> documents, SummarizationTaskOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(documents);
        this.options = options ??= new SummarizationTaskOptions();
        options.Validate();
        template = new ContextTemplate(options.Template, DocumentPlace, [], nameof(options.Template));
        if (documents.Count == 0) throw new ArgumentException("There is no document.", nameof(documents));
        HashSet<string> ids = new(StringComparer.Ordinal);
        this.documents = [.. documents.Take(options.MaximumItems ?? int.MaxValue).Select((one, index) => Checked(one, ItemIds.OfNumber(index + 1), ids))];
        ContentHash hash = new ContentHash().Add(options.Template).Add(options.System).Add(options.Truncation.Name).Add(options.Settings).Add(options.Score).Add(options.Stems).Add(options.WithPltrdy);
        foreach (DocumentSummary one in this.documents) hash.Add(one.Id).Add(one.Document).Add(one.Group).AddAll(one.Summaries);
        Identity = $"{Name}: {hash}";
    }

    /// <inheritdoc />
    public override string Name => options.Name;

    /// <inheritdoc />
    public override string Identity { get; }

    /// <inheritdoc />
    public override IReadOnlyList<string> Deviations => [.. TaskDeviations.First(options.MaximumItems)];

    /// <inheritdoc />
    public override int? ItemCount => documents.Count;

    /// <summary>How many documents there are.</summary>
    public int Count => documents.Count;

    /// <summary>The documents of files.</summary>
    /// <param name="patterns">Files, folders and patterns, as <see cref="DataFiles.Find"/> takes them: JSON, lines of JSON, CSV, TSV or Parquet, compressed or not.</param>
    /// <param name="options">The names of the fields, and how it is asked and scored. Default: that of <see cref="SummarizationTaskOptions"/>.</param>
    /// <param name="cancellationToken">Ends reading.</param>
    /// <exception cref="ArgumentException">An option is at fault; the message says which.</exception>
    /// <exception cref="FileNotFoundException">Nothing is found.</exception>
    /// <exception cref="DataFormatException">A record is at fault; the message names file, line and field.</exception>
    public static SummarizationTask Load(IReadOnlyList<string> patterns, SummarizationTaskOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new SummarizationTaskOptions();
        options.Validate();
        List<DocumentSummary> documents = [];
        using RecordSource<DocumentSummary> source = RecordSource.FromFiles(patterns, new SummaryReader(options).Read, options.Reading);
        while (documents.Count < (options.MaximumItems ?? int.MaxValue) && source.Next(cancellationToken) is { } one) documents.Add(one);
        return documents.Count > 0 ? new SummarizationTask(documents, options) : throw new DataFormatException(source.Files[0], null, "there is no record, expected documents with summaries.");
    }

    /// <inheritdoc />
    public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer) => documents.Select(one => new EvaluationItem
    {
        Id = one.Id!,
        Prompt = template.Fill(one.Document, static _ => string.Empty) with { System = options.System, Truncation = options.Truncation },
        Answers = one.Summaries,
        Settings = options.Settings,
        Group = one.Group,
    });

    /// <inheritdoc />
    public override ItemScore Score(EvaluationItem item, string answer)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(answer);
        RougeScores scores = GoogleRouge.Score(answer, item.Answers, options.Stems);
        double[] values = [scores.Rouge1.F1, scores.Rouge2.F1, scores.RougeL.F1, scores.RougeLsum.F1];
        Dictionary<string, double> details = Measures.Zip(values).ToDictionary(pair => pair.First, pair => pair.Second);
        if (options.WithPltrdy)
        {
            foreach ((string name, double value) in Pltrdy(answer, item.Answers)) details[name] = value;
        }

        details["words"] = Words.Of(answer).Length;
        return new ItemScore(options.Score == SummaryScore.GeometricMean ? GeometricMean(values) : values[(int)options.Score - 1]) { Details = details };
    }

    /// <summary>
    /// The mean of each ROUGE times 100; "geometric mean" of those of ROUGE-1, ROUGE-2 and ROUGE-L, as ZeroSCROLLS reports it (the mean of the items' own is another
    /// number); the mean number of words; and for each group the mean score times 100.
    /// </summary>
    /// <param name="results">Results of one model and one strategy that have a score.</param>
    public override IReadOnlyList<TaskFigure> Summarize(IReadOnlyList<ItemResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        double?[] means = [.. Measures.Select(measure => results.Average(result => (double?)(100 * result.Details[measure])))];
        return
        [
            new TaskFigure("geometric mean", results.Count == 0 ? null : GeometricMean([.. means.Select(mean => mean!.Value)])),
            .. Measures.Zip(means, (name, mean) => new TaskFigure(name, mean)),
            .. options.WithPltrdy ? PltrdyMeasures.Select(measure => new TaskFigure(measure, results.Average(result => (double?)(100 * result.Details[measure])))) : [],
            new TaskFigure("words", results.Average(result => (double?)result.Details["words"])),
            .. JudgePanel.GroupFigures(results),
        ];
    }

    /// <summary>Each F1 the highest over the references; 0 where a text has no sentence, with which the package fails.</summary>
    private static IEnumerable<(string Name, double Value)> Pltrdy(string answer, IReadOnlyList<string> references)
    {
        PltrdyRougeScores[] scores = [.. references.Where(reference => HasSentence(answer) && HasSentence(reference)).Select(reference => PltrdyRouge.Score(answer, reference))];
        return
        [
            (PltrdyMeasures[0], scores.Select(score => score.Rouge1.F1).DefaultIfEmpty(0).Max()),
            (PltrdyMeasures[1], scores.Select(score => score.Rouge2.F1).DefaultIfEmpty(0).Max()),
            (PltrdyMeasures[2], scores.Select(score => score.RougeL.F1).DefaultIfEmpty(0).Max()),
        ];
    }

    private static bool HasSentence(string text) => text.AsSpan().ContainsAnyExcept('.');

    private static double GeometricMean(double[] rouge) => Math.Cbrt(rouge[0] * rouge[1] * rouge[2]);

    private static DocumentSummary Checked(DocumentSummary one, string number, HashSet<string> ids)
    {
        string id = one?.Id ?? number;
        string? fault = one is null ? "it is null" : string.IsNullOrWhiteSpace(one.Document) ? "it is empty, expected text"
            : one.Summaries is not { Count: > 0 } || one.Summaries.Any(string.IsNullOrWhiteSpace) ? "it has no summary, or an empty one, expected text"
            : ids.Add(id) ? null : "a document before it has the same id";
        return fault is null ? one! with { Id = id } : throw new ArgumentException($"Document \"{id}\": {fault}.");
    }
}
