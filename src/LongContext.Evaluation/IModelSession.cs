namespace LongContext.Evaluation;

/// <summary>
/// What a task may do with the model while one item is evaluated. A run gives it out: requests are kept, limited in number, and made again when they
/// fail for a while.
/// </summary>
public interface IModelSession
{
    /// <summary>The model that is evaluated.</summary>
    EvaluationModel Model { get; }

    /// <summary>Asks the model: the strategy of the run gets the prompt first, then the prompt is cut to the model's window as it says.</summary>
    /// <remarks>The session that a strategy itself is given (<see cref="Strategies.StrategyContext.Session"/>) asks without it, as <see cref="AskOtherAsync"/> does.</remarks>
    /// <param name="prompt">What to ask.</param>
    /// <param name="settings">How the answer is generated.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="PromptTooLongException">It does not fit into the model's window and may not be cut.</exception>
    ValueTask<ModelResponse> AskAsync(EvaluationPrompt prompt, AnswerSettings settings, CancellationToken cancellationToken = default);

    /// <summary>Asks another model, for example a judge; no strategy is applied.</summary>
    /// <param name="other">Who is asked.</param>
    /// <param name="prompt">What to ask.</param>
    /// <param name="settings">How the answer is generated.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="PromptTooLongException">It does not fit into that model's window and may not be cut.</exception>
    ValueTask<ModelResponse> AskOtherAsync(EvaluationModel other, EvaluationPrompt prompt, AnswerSettings settings, CancellationToken cancellationToken = default);
}
