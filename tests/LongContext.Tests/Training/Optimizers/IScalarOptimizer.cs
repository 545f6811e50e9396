namespace LongContext.Tests.Training.Optimizers;

/// <summary>An optimizer's formulas over one parameter, in double, one number after the other.</summary>
internal interface IScalarOptimizer
{
    double[] Values { get; }

    void Step(double[] gradient, double learningRate);
}
