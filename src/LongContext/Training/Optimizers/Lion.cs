using LongContext.Models;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Training.Optimizers;

/// <summary>Lion (Chen et al. 2023, algorithm 2): the sign of an interpolated mean, with decoupled decay.</summary>
internal sealed class Lion : Optimizer
{
    private readonly LionOptions options;

    public Lion(IReadOnlyList<Parameter> parameters, LionOptions options, IReadOnlyList<ParameterGroup> groups, int seed)
        : base(parameters, options, groups, seed)
    {
        this.options = options;
        foreach (OptimizedParameter entry in Entries) entry.Add("exp_avg", NewState(entry, entry.Parameter.Value.shape));
    }

    protected override void Update(OptimizedParameter parameter, double rate, ParameterSlices slices)
    {
        Tensor state = parameter.State[0].Value;
        slices.ForEach(slice =>
        {
            Tensor mean = slice.Of(state);
            Tensor direction = mean.Times(options.Beta1).AddInPlace(slice.Gradient, 1 - options.Beta1).sign_();
            if (parameter.WeightDecay > 0) slice.Weight.MultiplyInPlace(1 - rate * parameter.WeightDecay);
            slice.Weight.AddInPlace(direction, -rate);
            mean.MultiplyInPlace(options.Beta2).AddInPlace(slice.Gradient, 1 - options.Beta2);
        });
    }
}
