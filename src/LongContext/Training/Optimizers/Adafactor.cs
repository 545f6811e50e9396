// Shape suffixes: B leading dimensions, R rows, C columns, N all values, M those of a slice, r rows of a slice.
using LongContext.Models;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Training.Optimizers;

/// <summary>
/// Adafactor (Shazeer and Stern 2018, algorithms 4 and 5) with transformers' definitions: squares are means over rows and columns, not
/// sums, the last two dimensions are factored, decay goes by the step size, and the first moment is a mean of whole updates.
/// </summary>
/// <remarks>
/// A weight is walked three times: for the squares' means, for the update's size, to apply it. Sums over slices are added up in
/// double, and its slices are of a fixed size, so that a parameter's result depends on nothing else.
/// </remarks>
internal sealed class Adafactor : Optimizer
{
    /// <summary>Values of a slice, or one row where that is longer.</summary>
    private const long SliceValues = 1 << 18;

    private readonly AdafactorOptions options;

    public Adafactor(IReadOnlyList<Parameter> parameters, AdafactorOptions options, IReadOnlyList<ParameterGroup> groups, int seed)
        : base(parameters, options, groups, seed)
    {
        this.options = options;
        foreach (OptimizedParameter entry in Entries)
        {
            long[] shape = entry.Parameter.Value.shape;
            if (shape.Length >= 2)
            {
                entry.Add("exp_avg_sq_row", NewState(entry, shape.AsSpan()[..^1]));
                entry.Add("exp_avg_sq_col", NewState(entry, [.. shape[..^2], shape[^1]]));
            }
            else
            {
                entry.Add("exp_avg_sq", NewState(entry, shape));
            }

            if (options.Beta1 is not null) entry.Add("exp_avg", NewState(entry, shape));
        }
    }

    protected override void Update(OptimizedParameter parameter, double rate, ParameterSlices slices)
    {
        double decay = 1 - Math.Pow(parameter.Updates, options.Beta2Exponent);
        double step = rate * (options.RelativeStep ? Math.Min(1e-2, 1 / Math.Sqrt(parameter.Updates)) : 1);
        long count = parameter.Parameter.Value.numel();
        if (options.ScaleByParameter) step *= Math.Max(options.ParameterEpsilon, RootMeanSquare(count, add => slices.ReadWeights(SliceValues, (w_M, _) => add(w_M))));

        SecondMoment moment = parameter.Parameter.Value.dim() >= 2
            ? new FactoredSecondMoment(parameter.Parameter.Value.shape, parameter.State[0].Value, parameter.State[1].Value, SliceValues)
            : new SecondMoment(parameter.State[0].Value, SliceValues);
        moment.Update(slices, decay, options.SquareEpsilon);
        double size = RootMeanSquare(count, add => slices.ReadGradients(moment.SliceElements, (g_M, start) => add(moment.Normalized(g_M, start))));
        double factor = step / Math.Max(1, size / options.ClipThreshold);
        Tensor? mean = options.Beta1 is null ? null : parameter.State[^1].Value;
        slices.ForEach(moment.SliceElements, slice =>
        {
            Tensor update_M = moment.Normalized(slice.Gradient, slice.Start).MultiplyInPlace(factor);
            if (mean is not null) update_M = slice.Of(mean).MultiplyInPlace(options.Beta1!.Value).AddInPlace(update_M, 1 - options.Beta1!.Value);
            if (parameter.WeightDecay > 0) slice.Weight.MultiplyInPlace(1 - step * parameter.WeightDecay);
            slice.Weight.SubtractInPlace(update_M);
        });
    }

    private static double RootMeanSquare(long count, Action<Action<Tensor>> forEach)
    {
        using var scope = NewDisposeScope();
        Tensor? sum = null;
        forEach(values_M =>
        {
            Tensor part = SquaredNorm.Of(values_M);
            sum = (sum is null ? part : sum.AddInPlace(part)).MoveToOuterDisposeScope();
        });
        return sum is null ? 0 : Math.Sqrt(sum.Value() / count);
    }
}
