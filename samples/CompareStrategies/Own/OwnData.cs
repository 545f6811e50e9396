using LongContext.Evaluation;
using LongContext.Evaluation.Tasks;
using LongContext.Evaluation.Tasks.LongBench;
using LongContext.Evaluation.Tasks.Records;

namespace LongContext.Samples.CompareStrategies.Own;

/// <summary>The user's questions, or those of LongBench-E.</summary>
internal static class OwnData
{
    public static IReadOnlyList<EvaluationTask> Load(OwnOptions options, CancellationToken cancellationToken) =>
        options.Questions is { } file ? [QuestionTask.Load(file, Questions(options), cancellationToken)]
        : LongBench.LoadE(options.LongBenchE!, new LongBenchOptions { MaximumItems = options.MaximumItems }, cancellationToken);

    private static QuestionTaskOptions Questions(OwnOptions options) => new()
    {
        Metric = AnswerMetrics.Get(options.Metric),
        Template = options.Template,
        Settings = new AnswerSettings { MaximumNewTokens = options.NewTokens },
        MaximumItems = options.MaximumItems,
    };
}
