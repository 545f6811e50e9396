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
        using Generator generator = Generator.Default;
        Tensor state = generator.get_state();
        try
        {
            using ReadingWindow window = ReadingWindow.Open(model);
            return evaluation.Evaluate(model, cancellationToken)
                ?? throw new InvalidOperationException($"The evaluation '{evaluation.Name}' returned null, expected its figures.");
        }
        finally
        {
            generator.set_state(state);
        }
    }
}
