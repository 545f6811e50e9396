using LongContext.Evaluation.Tasks;
using LongContext.Evaluation.Tasks.Judging;
using Microsoft.Extensions.AI;

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

    /// <summary>Names may be anybody's, and a given identity may be an endpoint's or a revision's; an identity that clients tell of themselves holds the model's.</summary>
    private static bool IsSame(EvaluationModel judge, EvaluationModel model)
    {
        if (ReferenceEquals(judge.Client, model.Client)) return true;
        if (judge.FindIdentity() != model.FindIdentity()) return false;
        return judge.Name == model.Name || (judge.Identity is null && model.Identity is null && judge.Client.GetService(typeof(ChatClientMetadata)) is ChatClientMetadata { DefaultModelId.Length: > 0 });
    }
}
