using LongContext.Training.Optimizers;

namespace LongContext.Tests.Training.Optimizers;

/// <summary>Loshchilov and Hutter 2019, algorithm 2, one number after the other.</summary>
internal sealed class ScalarAdamW(double[] values, AdamWOptions options, bool decays) : IScalarOptimizer
{
    private readonly double[] mean = new double[values.Length];
    private readonly double[] square = new double[values.Length];
    private int step;

    public double[] Values => values;

    public void Step(double[] gradient, double learningRate)
    {
        step++;
        for (int i = 0; i < values.Length; i++)
        {
            mean[i] = options.Beta1 * mean[i] + (1 - options.Beta1) * gradient[i];
            square[i] = options.Beta2 * square[i] + (1 - options.Beta2) * gradient[i] * gradient[i];
            double unbiasedMean = mean[i] / (1 - Math.Pow(options.Beta1, step)), unbiasedSquare = square[i] / (1 - Math.Pow(options.Beta2, step));
            double decay = decays ? options.WeightDecay * values[i] : 0;
            values[i] -= learningRate * (unbiasedMean / (Math.Sqrt(unbiasedSquare) + options.Epsilon) + decay);
        }
    }
}
