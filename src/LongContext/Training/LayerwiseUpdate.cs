using LongContext.Models;
using LongContext.Tensors;
using LongContext.Training.Optimizers;
using static TorchSharp.torch;

namespace LongContext.Training;

/// <summary>A step whose gradients are applied and freed as soon as they are whole.</summary>
/// <param name="optimizer">Applies them.</param>
/// <param name="learningRate">The step's.</param>
/// <param name="scale">What the gradients are to be divided by, a power of two (<see cref="GradientScale"/>).</param>
/// <param name="goesOn">Told the sum of the losses before the first gradient is applied; false leaves the step out.</param>
internal sealed class LayerwiseUpdate(Optimizer optimizer, double learningRate, double scale, Func<double, bool> goesOn)
{
    private double squares;

    /// <summary>Norm of all gradients so far; not finite once one of them was not, and nothing is applied from there on.</summary>
    public double GradientNorm => Math.Sqrt(squares);

    /// <summary>Whether anything has changed.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether the step's backward is to run, from its loss.</summary>
    public bool GoesOn(double sum) => goesOn(sum);

    /// <summary>Applies the gradients of some parameters and frees them.</summary>
    public void Apply(IReadOnlyList<Parameter> parameters)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        foreach (Parameter parameter in parameters)
        {
            if (parameter.Gradient is not { } gradient) continue;
            if (scale != 1) gradient.MultiplyInPlace(1 / scale);
            squares += SquaredNorm.Of(gradient).Value();
        }

        if (double.IsFinite(squares))
        {
            if (!HasBegun) optimizer.BeginStep(learningRate);
            HasBegun = true;
            foreach (Parameter parameter in parameters) optimizer.Step(parameter);
        }

        foreach (Parameter parameter in parameters) parameter.ReleaseGradient();
    }
}
