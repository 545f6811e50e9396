namespace LongContext.Evaluation.Support;

/// <summary>A session without a run: no strategy, no cutting, no cache. The function gets who is asked, and the prompt.</summary>
internal sealed class DirectSession(EvaluationModel model, Func<EvaluationModel, EvaluationPrompt, AnswerSettings, string> answer) : IModelSession
{
    public EvaluationModel Model { get; } = model;

    public ValueTask<ModelResponse> AskAsync(EvaluationPrompt prompt, AnswerSettings settings, CancellationToken cancellationToken = default) =>
        AskOtherAsync(Model, prompt, settings, cancellationToken);

    public ValueTask<ModelResponse> AskOtherAsync(EvaluationModel other, EvaluationPrompt prompt, AnswerSettings settings, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(new ModelResponse { Text = answer(other, prompt, settings) });
    }
}
