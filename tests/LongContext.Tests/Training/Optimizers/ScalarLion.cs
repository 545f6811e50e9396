using LongContext.Training.Optimizers;

namespace LongContext.Tests.Training.Optimizers;

/// <summary>Chen et al. 2023, algorithm 2.</summary>
internal sealed class ScalarLion(double[] values, LionOptions options, bool decays) : IScalarOptimizer
{
    private readonly double[] mean = new double[values.Length];

    public double[] Values => values;

    public void Step(double[] gradient, double learningRate)
    {
        for (int i = 0; i < values.Length; i++)
        {
            int direction = Math.Sign(options.Beta1 * mean[i] + (1 - options.Beta1) * gradient[i]);
            values[i] -= learningRate * (direction + (decays ? options.WeightDecay * values[i] : 0));
            mean[i] = options.Beta2 * mean[i] + (1 - options.Beta2) * gradient[i];
        }
    }
}
