using System.Globalization;
using LongContext.Data.Making;
using LongContext.Evaluation.Metrics;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>One of RULER's tasks; <see cref="Ruler.Create(RulerOptions?)"/> makes them.</summary>
/// <remarks>
/// Hsieh et al. 2024, "RULER: What's the Real Context Size of Your Long-Context Language Models?" (arXiv 2404.06654), as the scripts of NVIDIA/RULER c3f5e3b have it
/// (scripts/data/synthetic, scripts/synthetic.yaml, scripts/eval): prompts and answer prefixes word for word, lengths, numbers, scores and rounding. What is
/// drawn differs: the script's random numbers are Python's, and the words of keys and lists are the library's own. Prompts come within 1 % of their length, where the script may miss short
/// ones by more: of qa's documents the last may be a part of one. In which respects an item is not the script's, <see cref="Deviations"/> says.
/// </remarks>
public sealed class RulerTask : AnswerTask, ISizedTask
{
    internal const string Prefix = "ruler/";

    private const int OfficialItemsPerLength = 500;

    private readonly RulerGenerator generator;
    private readonly int itemsPerLength;
    private readonly int templateTokens;

    internal RulerTask(string name, RulerGenerator generator, RulerOptions options)
    {
        this.generator = generator;
        Name = Prefix + name;
        Lengths = [.. options.Lengths];
        itemsPerLength = Math.Min(options.ItemsPerLength, generator.MaximumItems);
        templateTokens = options.TemplateTokens;
        Identity = Settings.Text(Name, options.Seed, Lengths, itemsPerLength, templateTokens, generator.Identity);
    }

    /// <inheritdoc />
    public override string Name { get; }

    /// <inheritdoc />
    public override string Identity { get; }

    /// <inheritdoc />
    public override IBenchmark Benchmark => RulerBenchmark.Instance;

    /// <inheritdoc />
    public override IReadOnlyList<string> Deviations => [.. TaskDeviations.Number(itemsPerLength, OfficialItemsPerLength, "items of each length"), .. generator.Deviations];

    /// <inheritdoc />
    public override int? ItemCount => Lengths.Count * itemsPerLength;

    /// <inheritdoc />
    public IReadOnlyList<int> Lengths { get; }

    int ISizedTask.TemplateTokens => templateTokens;

    /// <inheritdoc />
    /// <exception cref="ArgumentException">A question alone is longer than a length; thrown when that item is reached.</exception>
    public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return Lengths.SelectMany(length => CreateItems(tokenizer, length));
    }

    /// <inheritdoc />
    public IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer, int length)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        return Enumerable.Range(0, itemsPerLength).Select(index => Create(tokenizer, length, index));
    }

    /// <summary>Makes one item.</summary>
    /// <param name="tokenizer">Counts.</param>
    /// <param name="length">Its length in tokens: prompt, answer prefix, answer and what is kept free for a template.</param>
    /// <param name="index">Its number among those of its length, from 0.</param>
    /// <returns>The item; its group is the length.</returns>
    /// <exception cref="ArgumentException">The question alone is longer than that.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A length below 1, or a negative number.</exception>
    public EvaluationItem Create(Tokenizer tokenizer, int length, int index)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        RulerDraft draft = generator.Make(new RulerSize(tokenizer, length, generator.NewTokens + templateTokens), index);
        return new EvaluationItem
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{length}-{index}"),
            Prompt = new EvaluationPrompt { Before = draft.Before, Context = draft.Context, After = draft.After, AnswerPrefix = draft.AnswerPrefix },
            Answers = draft.Answers,
            Settings = new AnswerSettings { MaximumNewTokens = generator.NewTokens },
            PromptTokenCount = draft.Tokens,
            Length = length,
            Depth = draft.Depth,
            Group = length.ToString(CultureInfo.InvariantCulture),
            Properties = draft.Properties,
        };
    }

    /// <summary>The share of the answers that the model's answer holds, upper and lower case alike; for qa_1 and qa_2 1 if it holds any.</summary>
    /// <param name="item">The item.</param>
    /// <param name="answer">What the model said.</param>
    public override ItemScore Score(EvaluationItem item, string answer)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(answer);
        return Score(item.Answers, answer, generator.AnyAnswerCounts);
    }

    /// <summary>The script's figure for each length, named by it, 0 to 100 with two digits, and the mean of these, named average.</summary>
    /// <param name="results">Results of one model and one strategy that have a score.</param>
    public override IReadOnlyList<TaskFigure> Summarize(IReadOnlyList<ItemResult> results) => Figures(results);

    internal static ItemScore Score(IReadOnlyList<string> answers, string answer, bool anyCounts)
    {
        string said = RulerMetrics.Clean(answer);
        return new ItemScore(anyCounts ? RulerMetrics.MatchPart(said, answers) : RulerMetrics.MatchAll(said, answers)) { Judged = said == answer ? null : said };
    }

    internal static IReadOnlyList<TaskFigure> Figures(IReadOnlyList<ItemResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        TaskFigure[] figures = [.. results.GroupBy(result => result.Length).OrderBy(group => group.Key).Select(group => new TaskFigure(
            group.Key?.ToString(CultureInfo.InvariantCulture) ?? "score", Percentage([.. group.Select(result => result.Score!.Value)])))];
        return [.. figures, new TaskFigure("average", figures.Length == 0 ? null : PythonRounding.Round(figures.Average(figure => figure.Value!.Value), 2))];
    }

    /// <summary>The script's figure: the mean as a percentage with two digits, in its order of operations.</summary>
    internal static double Percentage(IReadOnlyList<double> scores) => PythonRounding.Round(scores.Sum() / scores.Count * 100, 2);
}
