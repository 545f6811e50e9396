using LongContext.Models;

namespace LongContext.Training.Evaluations;

/// <summary>
/// Measures a model in the middle of its training. Ready ones: <see cref="PerplexityByLengthEvaluation"/>,
/// <see cref="LossByPositionEvaluation"/>, <see cref="TaskEvaluation"/>.
/// </summary>
/// <remarks>
/// Called on the run's thread, between steps, without gradients and inside a dispose scope: tensors that it makes are freed when it
/// returns. Tasks that it starts and awaits may read the model too (<see cref="LongContext.Evaluation.PerplexityEvaluator"/>, saving, exporting): the run waits for them. It must not change the model. The global random state is put back afterwards, so that a run draws the same with and without.
/// </remarks>
public interface ITrainingEvaluation
{
    /// <summary>Its name in logs and files; evaluations of one run have different ones.</summary>
    string Name { get; }

    /// <summary>Measures the model.</summary>
    /// <param name="model">The model as it stands after a step.</param>
    /// <param name="cancellationToken">Cancelled when the run shall end: throw <see cref="OperationCanceledException"/> soon, the weights are kept.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    EvaluationResult Evaluate(CausalLanguageModel model, CancellationToken cancellationToken);
}
