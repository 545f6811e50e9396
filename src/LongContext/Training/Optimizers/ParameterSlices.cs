using LongContext.Kernels;
using static TorchSharp.torch;

namespace LongContext.Training.Optimizers;

/// <summary>One parameter's weight and gradient, slice by slice.</summary>
internal sealed class ParameterSlices(OptimizedParameter parameter, Tensor gradient, SliceTransfer transfer, long sliceElements, ulong? roundingKey)
{
    private readonly Tensor weight_N = parameter.Parameter.Value.view(-1);
    private readonly Tensor gradient_N = gradient.reshape(-1);

    private long Count => weight_N.size(0);

    /// <summary>All of it at once, where it lies, for kernels.</summary>
    public FusedUpdate Whole => new(weight_N, parameter.Master, gradient_N, roundingKey);

    /// <summary>Walks slices of the usual size, each in a dispose scope of its own, and writes the weights back.</summary>
    public void ForEach(Action<WeightSlice> update) => ForEach(sliceElements, update);

    /// <summary>As above, with slices of a given size.</summary>
    public void ForEach(long elements, Action<WeightSlice> update)
    {
        Walk(elements, (start, count) =>
        {
            Tensor weight_M = transfer.Weight(weight_N, parameter, start, count);
            update(new WeightSlice(weight_M, transfer.Gradient(gradient_N, parameter, start, count), start, count));
            transfer.Store(weight_N, weight_M, parameter, start, roundingKey);
        });
    }

    /// <summary>Walks the gradient alone; the action gets a slice and where it begins.</summary>
    public void ReadGradients(long elements, Action<Tensor, long> read) =>
        Walk(elements, (start, count) => read(transfer.Gradient(gradient_N, parameter, start, count), start));

    /// <summary>Walks the weight alone; the action gets a slice and where it begins.</summary>
    public void ReadWeights(long elements, Action<Tensor, long> read) =>
        Walk(elements, (start, count) => read(transfer.Weight(weight_N, parameter, start, count), start));

    private void Walk(long elements, Action<long, long> action)
    {
        for (long start = 0; start < Count; start += elements)
        {
            using var scope = NewDisposeScope();
            action(start, Math.Min(elements, Count - start));
        }
    }
}
