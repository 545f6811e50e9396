namespace LongContext.Evaluation.Tasks.Likelihood;

/// <summary>Finds what scores text with a model.</summary>
internal static class Scorers
{
    /// <exception cref="NotSupportedException">The model's client scores no text.</exception>
    public static ITokenScorer Of(EvaluationModel model) => model.Scorer ?? throw new NotSupportedException(
        $"The model \"{model.Name}\" cannot say how likely a text is: its client gives out no {nameof(ITokenScorer)}, as clients of remote models do not. " +
        "Evaluate a local model (LongContextChatClient), or a task in which the model answers.");
}
