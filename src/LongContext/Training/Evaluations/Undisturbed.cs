using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Training.Evaluations;

/// <summary>Runs an evaluation so that training goes on as if it had not been.</summary>
internal static class Undisturbed
{
    public static EvaluationResult Run(ITrainingEvaluation evaluation, CausalLanguageModel model, CancellationToken cancellationToken)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        // The CPU's generator. Training draws from generators of its own; what else a program draws must not depend on evaluations either.
        Tensor state = random.get_rng_state();
        try
        {
            return evaluation.Evaluate(model, cancellationToken)
                ?? throw new InvalidOperationException($"The evaluation '{evaluation.Name}' returned null, expected its figures.");
        }
        finally
        {
            random.set_rng_state(state);
        }
    }
}
