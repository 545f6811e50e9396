using System.Globalization;
using LongContext.Evaluation;
using LongContext.Evaluation.Tasks;
using Microsoft.ML.Tokenizers;

namespace LongContext.Samples.Shared.Repetition;

/// <summary>"Repeat the 16 words after this marker", which stands once in a text of random words: QuickStart's questions as a task for runs.</summary>
/// <param name="language">The words and signs.</param>
/// <param name="lengths">Tokens of prompt and answer.</param>
/// <param name="questions">Questions for each length; with depths for each of them too.</param>
/// <param name="seed">Decides all.</param>
/// <param name="depths">Where the marker stands, 0 to 1; null for anywhere.</param>
internal sealed class MarkerTask(RepetitionLanguage language, IReadOnlyList<int> lengths, int questions, int seed, IReadOnlyList<double>? depths = null) : AnswerTask, ISizedTask
{
    /// <summary>The fewest tokens that hold a question.</summary>
    public const int ShortestLength = 64;

    public override string Name => "words after a marker";

    public override string Identity => string.Create(
        CultureInfo.InvariantCulture, $"{Name}, lengths {string.Join(' ', lengths)}, {questions} questions, depths {(depths is null ? "any" : string.Join(' ', depths))}, seed {seed}");

    public IReadOnlyList<int> Lengths => lengths;

    public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer) => lengths.SelectMany(length => CreateItems(tokenizer, length));

    public IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer, int length)
    {
        int number = 0;
        for (int i = 0; i < questions; i++)
        {
            foreach (double? depth in depths?.Cast<double?>() ?? [null]) yield return Create(tokenizer, length, depth, number++);
        }
    }

    public override ItemScore Score(EvaluationItem item, string answer) => new(RepetitionTask.WordScore(item, answer));

    /// <summary>The mean of each length, 0 to 100.</summary>
    public override IReadOnlyList<TaskFigure> Summarize(IReadOnlyList<ItemResult> results) =>
    [
        .. results.GroupBy(result => result.Length!.Value).OrderBy(group => group.Key)
            .Select(group => new TaskFigure(group.Key.ToString(CultureInfo.InvariantCulture), 100 * group.Average(result => result.Score!.Value))),
    ];

    private EvaluationItem Create(Tokenizer tokenizer, int length, double? depth, int number)
    {
        var task = new RepetitionTask(new RepetitionTaskOptions
        {
            Form = RepetitionForm.AfterMarker,
            Words = language.Words,
            Template = RepetitionLanguage.MarkerTemplate,
            Marker = RepetitionLanguage.Markers[number % RepetitionLanguage.Markers.Count],
            MinimumCount = RepetitionLanguage.MaximumCount,
            MaximumCount = RepetitionLanguage.MaximumCount,
        });
        int promptTokens = length - RepetitionLanguage.MaximumCount - 1; // one for <s>
        EvaluationItem item = task.Create(tokenizer, promptTokens, unchecked(1_000_000_000 + (seed * 1_000_003) + (length * 1000) + number), depth);
        return item with
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{length}-{number}"),
            Prompt = item.Prompt with { Style = PromptStyle.Completion },
            Settings = new AnswerSettings { MaximumNewTokens = RepetitionLanguage.MaximumCount },
            Length = length,
            Depth = depth ?? item.Depth,
            Group = null,
        };
    }
}
