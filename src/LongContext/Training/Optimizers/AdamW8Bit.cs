using LongContext.Cuda.Optimizers;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Training.Optimizers;

/// <summary>AdamW with blockwise 8-bit state (Dettmers et al. 2022). Small parameters have AdamW's own.</summary>
internal sealed class AdamW8Bit : Optimizer
{
    private readonly AdamW8BitOptions options;

    /// <summary>The trees' values and borders, for kernels; made when first needed.</summary>
    private Tensor? tables;

    public AdamW8Bit(IReadOnlyList<Parameter> parameters, AdamW8BitOptions options, IReadOnlyList<ParameterGroup> groups, int seed)
        : base(parameters, options, groups, seed)
    {
        this.options = options;
        foreach (OptimizedParameter entry in Entries)
        {
            Tensor weight = entry.Parameter.Value;
            if (!options.IsBlockwise(weight.shape))
            {
                entry.Add("exp_avg", NewState(entry, weight.shape));
                entry.Add("exp_avg_sq", NewState(entry, weight.shape));
                continue;
            }

            long blocks = BlockwiseAdamWKernel.Blocks(weight.numel());
            entry.Add("exp_avg", NewCodes(entry, DynamicTree.Signed));
            entry.Add("exp_avg_sq", NewCodes(entry, DynamicTree.Unsigned));
            entry.Add("exp_avg_absmax", NewState(entry, [blocks], ScalarType.Float32));
            entry.Add("exp_avg_sq_absmax", NewState(entry, [blocks], ScalarType.Float32));
        }
    }

    /// <summary>For tests: libtorch's operators where the kernel could do it.</summary>
    internal bool AvoidsKernel { get; set; }

    public override void Dispose()
    {
        base.Dispose();
        tables?.Dispose();
    }

    protected override void Update(OptimizedParameter parameter, double rate, ParameterSlices slices)
    {
        Tensor mean = parameter.State[0].Value, meanOfSquares = parameter.State[1].Value;
        AdamWConstants constants = AdamWConstants.Of(options.Beta1, options.Beta2, options.Epsilon, parameter.Updates, rate, parameter.WeightDecay);
        if (mean.dtype != ScalarType.Byte)
        {
            if (slices.Whole.TryAdamW(mean, meanOfSquares, constants)) return;
            slices.ForEach(slice => FusedAdamW.Step(
                slice.Weight, slice.Gradient, slice.Of(mean), slice.Of(meanOfSquares), parameter.Updates, rate,
                options.Beta1, options.Beta2, parameter.WeightDecay, options.Epsilon));
            return;
        }

        (Tensor, Tensor) scales = (parameter.State[2].Value, parameter.State[3].Value);
        if (!AvoidsKernel && slices.Whole.TryBlockwiseAdamW((mean, meanOfSquares), scales, () => Tables(mean.device), constants)) return;
        var factors = new AdamWFactors(options, parameter.Updates, rate, parameter.WeightDecay);
        slices.ForEach(slice =>
        {
            Tensor meanScale = Blocks(parameter.State[2].Value, slice), squareScale = Blocks(parameter.State[3].Value, slice);
            bool kernel = !AvoidsKernel && slice.Weight.device_type == TorchSharp.DeviceType.CPU && slice.Weight.dtype == ScalarType.Float32;
            if (kernel) StepByKernel(slice, slice.Of(mean), slice.Of(meanOfSquares), meanScale, squareScale, factors);
            else StepByOperators(slice, slice.Of(mean), slice.Of(meanOfSquares), meanScale, squareScale, parameter, rate);
        });
    }

    private static unsafe void StepByKernel(
        in WeightSlice slice, Tensor mean, Tensor meanOfSquares, Tensor meanScale, Tensor squareScale, in AdamWFactors factors)
    {
        var memory = new BlockwiseAdamWKernel.Memory
        {
            Weight = (float*)slice.Weight.DataPointer(),
            Gradient = (float*)slice.Gradient.DataPointer(),
            MeanCodes = mean.DataPointer(),
            SquareCodes = meanOfSquares.DataPointer(),
            MeanScale = (float*)meanScale.DataPointer(),
            SquareScale = (float*)squareScale.DataPointer(),
        };
        BlockwiseAdamWKernel.Step(memory, slice.Count, factors, get_num_threads());
    }

    private void StepByOperators(
        in WeightSlice slice, Tensor meanCodes, Tensor squareCodes, Tensor meanScale, Tensor squareScale, OptimizedParameter parameter, double rate)
    {
        ScalarType type = slice.Weight.dtype;
        Tensor mean = BlockwiseState.Decode(meanCodes, meanScale, DynamicTree.Signed, type);
        Tensor meanOfSquares = BlockwiseState.Decode(squareCodes, squareScale, DynamicTree.Unsigned, type);
        FusedAdamW.Step(
            slice.Weight, slice.Gradient, mean, meanOfSquares, parameter.Updates, rate, options.Beta1, options.Beta2, parameter.WeightDecay, options.Epsilon);
        BlockwiseState.Encode(mean, meanCodes, meanScale, DynamicTree.Signed);
        BlockwiseState.Encode(meanOfSquares, squareCodes, squareScale, DynamicTree.Unsigned);
    }

    private Tensor Tables(Device device) => tables ??= tensor(
        (float[])[.. DynamicTree.Signed.Values, .. DynamicTree.Signed.Borders, .. DynamicTree.Unsigned.Values, .. DynamicTree.Unsigned.Borders]).to(device).DetachFromDisposeScope();

    private Tensor NewCodes(OptimizedParameter entry, DynamicTree tree)
    {
        Tensor codes = NewState(entry, entry.Parameter.Value.shape, ScalarType.Byte);
        using Tensor zero = tensor(tree.ZeroCode);
        codes.copy_(zero);
        return codes;
    }

    private static Tensor Blocks(Tensor scales, in WeightSlice slice) =>
        scales.narrow(0, slice.Start / BlockwiseAdamWKernel.BlockSize, BlockwiseAdamWKernel.Blocks(slice.Count));
}
