using LongContext.Evaluation.Support;

namespace LongContext.Evaluation.Tasks;

/// <summary>Asks a task's items one after the other, without a run.</summary>
internal static class TaskRuns
{
    public static async Task<List<ItemResult>> RunAsync(EvaluationTask task, DirectSession session, CancellationToken cancellationToken)
    {
        List<ItemResult> results = [];
        foreach (EvaluationItem item in task.CreateItems(session.Model.Tokenizer))
        {
            ItemScore score = await task.EvaluateAsync(item, session, cancellationToken);
            results.Add(new ItemResult
            {
                Model = session.Model.Name,
                Strategy = "full context",
                Task = task.Name,
                Item = item.Id,
                Status = ItemStatus.Scored,
                Score = score.Value,
                Details = score.Details,
                Judged = score.Judged,
                Group = item.Group,
                Properties = item.Properties,
            });
        }

        return results;
    }
}
