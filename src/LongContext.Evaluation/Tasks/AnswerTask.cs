namespace LongContext.Evaluation.Tasks;

/// <summary>A task that asks once and scores the answer's text.</summary>
public abstract class AnswerTask : EvaluationTask
{
    /// <summary>Scores an answer.</summary>
    /// <param name="item">The item.</param>
    /// <param name="answer">What the model said, as it said it, without a prefix that was given to it.</param>
    public abstract ItemScore Score(EvaluationItem item, string answer);

    /// <inheritdoc />
    public override async ValueTask<ItemScore> EvaluateAsync(EvaluationItem item, IModelSession session, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(session);
        ModelResponse response = await session.AskAsync(item.Prompt, item.Settings, cancellationToken).ConfigureAwait(false);
        return Score(item, response.Text);
    }
}
