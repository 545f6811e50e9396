using LongContext.Cuda.Optimizers;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Training.Optimizers;

/// <summary>AdamW with decoupled decay (Loshchilov and Hutter 2019, algorithm 2), in PyTorch's order of operations.</summary>
internal sealed class AdamW : Optimizer
{
    private readonly AdamWOptions options;

    public AdamW(IReadOnlyList<Parameter> parameters, AdamWOptions options, IReadOnlyList<ParameterGroup> groups, int seed)
        : base(parameters, options, groups, seed)
    {
        this.options = options;
        foreach (OptimizedParameter entry in Entries)
        {
            entry.Add("exp_avg", NewState(entry, entry.Parameter.Value.shape));
            entry.Add("exp_avg_sq", NewState(entry, entry.Parameter.Value.shape));
        }
    }

    protected override void Update(OptimizedParameter parameter, double rate, ParameterSlices slices)
    {
        Tensor mean = parameter.State[0].Value, meanOfSquares = parameter.State[1].Value;
        AdamWConstants constants = AdamWConstants.Of(options.Beta1, options.Beta2, options.Epsilon, parameter.Updates, rate, parameter.WeightDecay);
        if (slices.Whole.TryAdamW(mean, meanOfSquares, constants)) return;
        slices.ForEach(slice => FusedAdamW.Step(
            slice.Weight, slice.Gradient, slice.Of(mean), slice.Of(meanOfSquares), parameter.Updates, rate,
            options.Beta1, options.Beta2, parameter.WeightDecay, options.Epsilon));
    }
}
