using LongContext.Evaluation.Tasks;
using LongContext.Evaluation.Tasks.Judging;

namespace LongContext.Evaluation.Runs;

/// <summary>Says so where a model rates its own answers, which models rate too high.</summary>
/// <remarks>Zheng et al. 2023, "Judging LLM-as-a-Judge" (arXiv 2306.05685), section 3.3: self-enhancement bias.</remarks>
internal static class JudgeNotes
{
    public static IEnumerable<string> Of(IReadOnlyList<EvaluationModel> models, IEnumerable<EvaluationTask> tasks) =>
        from task in tasks
        where task is IJudgedTask
        from model in models
        where ((IJudgedTask)task).Judges.Any(judge => IsSame(judge.Model, model))
        select $"In '{task.Name}' the model '{model.Name}' rates its own answers, which models tend to rate too high: take another judge.";

    private static bool IsSame(EvaluationModel judge, EvaluationModel model) =>
        judge.Name == model.Name || ReferenceEquals(judge.Client, model.Client) || (judge.FindIdentity() is { Length: > 0 } identity && identity == model.FindIdentity());
}
