using System.Globalization;
using LongContext.Data;
using LongContext.Evaluation.Metrics;
using LongContext.Evaluation.Segmentation;
using LongContext.Evaluation.Tasks.Records;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.LongBench;

/// <summary>A data set of LongBench or LongBench-E; <see cref="LongBench.Load"/> and <see cref="LongBench.LoadE"/> make it.</summary>
/// <remarks>
/// <para>Figures: of LongBench "score", the mean times 100 with two digits, rounded as Python does; of LongBench-E "0-4k", "4-8k" and "8k+" by the field
/// <c>length</c>, rounded as numpy does, null where no item is that long.</para>
/// <para>Prompts that are too long lose their middle before anything is written around them. Classes are those of the data set's last record for all items, as eval.py has it.</para>
/// </remarks>
public sealed class LongBenchTask : AnswerTask
{
    internal const string Score0To100 = "score", NotComparable = "not comparable with published figures";

    internal static readonly string[] Buckets = ["0-4k", "4-8k", "8k+"];

    private const int SmallestWindow = 2048, WindowUnit = 1024;

    private readonly LongBenchSource source;
    private readonly bool isE;
    private readonly int? maximumPromptTokens;
    private readonly int? maximumItems;
    private readonly LongBenchScorer scorer;
    private readonly bool isComparable;
    private readonly IReadOnlyList<string>? classes;

    internal LongBenchTask(LongBenchSource source, bool isE, LongBenchOptions options, CancellationToken cancellationToken)
    {
        this.source = source;
        this.isE = isE;
        maximumPromptTokens = options.MaximumPromptTokens;
        maximumItems = options.MaximumItems;
        scorer = new LongBenchScorer(options.Scoring);
        ContentHash hash = new();
        ITextSegmenter? segmenter = LongBenchScorer.NeedsSegmenter(DataSet) ? options.Scoring.Segmenter : null;
        isComparable = segmenter is null or { IsComparable: true };
        // A reference that the metric cannot read would otherwise be found out when the model has been asked.
        foreach (LongBenchRecord record in source.Read(maximumItems, cancellationToken, record => scorer.ScoreExample(DataSet, string.Empty, record.Answers, record.Classes)))
        {
            Count++;
            classes = record.Classes;
            // Segmenters of one name may still cut otherwise, by a user's dictionary for example.
            if (segmenter is not null) hash.AddAll([.. record.Answers.SelectMany(segmenter.Segment)]);
        }

        if (Count == 0) throw new DataFormatException(source.Paths[0], null, $"the file has no record, expected those of {DataSet}.");
        string[] notes = [.. new[] { maximumItems is { } most ? FormattableString.Invariant($"first {most}") : null, isComparable ? null : NotComparable }.OfType<string>()];
        Name = (isE ? "longbench-e/" : "longbench/") + DataSet + (notes.Length == 0 ? "" : $" ({string.Join("; ", notes)})");
        hash.AddFiles(source.Paths).Add(source.PromptText).Add(source.Settings).Add(maximumPromptTokens).Add(maximumItems);
        hash.Add(LongBenchScorer.MetricOf(DataSet)).Add(options.Scoring.CodeSimilarity).Add(options.Scoring.RecursionLimit).Add(segmenter?.Name);
        Identity = $"{Name}: {hash}";
    }

    /// <inheritdoc />
    public override string Name { get; }

    /// <inheritdoc />
    public override string Identity { get; }

    /// <inheritdoc />
    public override IBenchmark Benchmark => LongBenchBenchmark.Instance;

    /// <inheritdoc />
    public override IReadOnlyList<string> Deviations => [.. TaskDeviations.First(maximumItems), .. TaskDeviations.Where(!isComparable, "words of another segmenter than jieba")];

    /// <inheritdoc />
    public override int? ItemCount => Count;

    /// <summary>The data set's official name, such as "qasper".</summary>
    public string DataSet => source.Set.Name;

    /// <summary>What it is averaged with.</summary>
    public LongBenchCategory Category => source.Set.Category;

    /// <summary>How many items there are.</summary>
    public int Count { get; }

    /// <summary>The script's max_length for a model's window: 500 less than its thousands, as LongBench's own table has it (3500 for 4096).</summary>
    /// <param name="contextLength">Tokens of the window.</param>
    /// <returns>Tokens of a prompt at most, or null for a window under 2,048 tokens, which the benchmark does not know.</returns>
    public static int? MaximumPromptTokensFor(int contextLength) =>
        contextLength < SmallestWindow ? null : (contextLength % WindowUnit == 0 ? contextLength / WindowUnit * 1000 : contextLength) - 500;

    /// <inheritdoc />
    public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer)
    {
        PromptTruncation truncation = maximumPromptTokens is { } limit ? PromptTruncation.Middle.AtMost(limit) : PromptTruncation.Middle;
        HashSet<string> ids = new(StringComparer.Ordinal);
        foreach (LongBenchRecord record in source.Read(maximumItems, CancellationToken.None))
        {
            string number = record.Number.ToString(CultureInfo.InvariantCulture);
            Dictionary<string, string> properties = new() { ["length"] = record.Length.ToString(CultureInfo.InvariantCulture) };
            if (record.Language is { } language) properties["language"] = language;
            yield return new EvaluationItem
            {
                Id = record.Id is not { } id ? ItemIds.OfNumber(record.Number) : ids.Add(id) ? id : $"{id}-{number}",
                Prompt = record.Prompt with { Truncation = truncation },
                Answers = record.Answers,
                Settings = source.Settings,
                Group = isE ? Bucket(record.Length) : null,
                Properties = properties,
            };
        }
    }

    /// <inheritdoc />
    public override ValueTask<ItemScore> EvaluateAsync(EvaluationItem item, IModelSession session, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(session);
        if (maximumPromptTokens is null && session.Model.ContextLength is { } window && MaximumPromptTokensFor(window) is { } limit)
            item = item with { Prompt = item.Prompt with { Truncation = PromptTruncation.Middle.AtMost(limit) } };
        return base.EvaluateAsync(item, session, cancellationToken);
    }

    /// <inheritdoc />
    public override ItemScore Score(EvaluationItem item, string answer)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(answer);
        string cut = LongBenchScorer.Cut(DataSet, answer);
        return new ItemScore(scorer.ScoreExample(DataSet, answer, item.Answers, classes)) { Judged = cut == answer ? null : cut };
    }

    /// <inheritdoc />
    public override IReadOnlyList<TaskFigure> Summarize(IReadOnlyList<ItemResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        double[] scores = [.. results.Select(result => result.Score!.Value)];
        if (!isE) return [Figure(Score0To100, scores.Length == 0 ? null : LongBenchScorer.Total(scores))];
        LongBenchLengthScores byLength = LongBenchScorer.TotalByLength(scores, [.. results.Select(result => int.Parse(result.Properties["length"], CultureInfo.InvariantCulture))]);
        return [Figure(Buckets[0], byLength.Below4K), Figure(Buckets[1], byLength.From4KTo8K), Figure(Buckets[2], byLength.From8K)];
    }

    private static string Bucket(int length) => Buckets[length < 4000 ? 0 : length < 8000 ? 1 : 2];

    private TaskFigure Figure(string name, double? value) => new(isComparable ? name : $"{name} ({NotComparable})", value is { } number && double.IsNaN(number) ? null : value);
}
