using static TorchSharp.torch;

namespace LongContext.Training.Optimizers;

/// <summary>
/// Brings stretches of weights and gradients to where and how the update is computed, and updated weights back. What is there
/// already is not copied. Between a GPU and its host the copies go through pinned memory of a slice's size (the state itself is not
/// pinned: it never crosses, and libtorch rounds pinned memory up to powers of two). Copies to the host wait for all that was asked of
/// the GPU before, so that when a gradient has come, the copy of weights before it has left and its memory is free again.
/// </summary>
internal sealed class SliceTransfer(Device device, bool alwaysCopies) : IDisposable
{
    private readonly Dictionary<(string Use, ScalarType DataType), Tensor> buffers = [];
    private bool waitedForGradient;

    public Tensor Gradient(Tensor gradient_N, OptimizedParameter parameter, long start, long count)
    {
        waitedForGradient = !IsHere(gradient_N);
        return Brought(gradient_N.narrow(0, start, count), parameter.ComputeType, "gradient");
    }

    public Tensor Weight(Tensor weight_N, OptimizedParameter parameter, long start, long count) =>
        parameter.Master is { } master ? master.view(-1).narrow(0, start, count) : Brought(weight_N.narrow(0, start, count), parameter.ComputeType, "weight");

    /// <summary>Writes an updated stretch back, where it was not updated in place.</summary>
    /// <param name="weight_N">The whole weight.</param>
    /// <param name="updated_M">The stretch.</param>
    /// <param name="parameter">The weight's parameter.</param>
    /// <param name="start">Where the stretch begins.</param>
    /// <param name="key">Key of the random bits of stochastic rounding; null to round to the nearest.</param>
    public void Store(Tensor weight_N, Tensor updated_M, OptimizedParameter parameter, long start, ulong? key)
    {
        ScalarType own = weight_N.dtype;
        if (parameter.Master is null && own == updated_M.dtype && IsHere(weight_N)) return;
        long count = updated_M.size(0);
        Tensor target_M = weight_N.narrow(0, start, count);
        Tensor rounded_M = key is { } bits && own == ScalarType.BFloat16 ? StochasticRounding.Round(updated_M, bits, start) : updated_M;
        if (weight_N.device_type == device.type)
        {
            target_M.copy_(rounded_M);
            return;
        }

        // Where gradients are on the host already, nothing has waited for the copy before.
        if (!waitedForGradient) cuda.synchronize();
        target_M.copy_(Buffer("updated", own, count).copy_(rounded_M), nonBlocking: true);
    }

    public void Dispose()
    {
        foreach (Tensor buffer in buffers.Values) buffer.Dispose();
        buffers.Clear();
    }

    private bool IsHere(Tensor tensor) => tensor.device_type == device.type && !alwaysCopies;

    private Tensor Brought(Tensor source_M, ScalarType type, string use)
    {
        if (IsHere(source_M)) return source_M.dtype == type ? source_M : source_M.to(type);
        return Buffer(use, type, source_M.size(0)).copy_(source_M);
    }

    private Tensor Buffer(string use, ScalarType type, long count)
    {
        if (!buffers.TryGetValue((use, type), out Tensor? buffer) || buffer.size(0) < count)
        {
            buffer?.Dispose(); // libtorch keeps pinned memory until copies out of it are done
            Tensor plain = empty(count, dtype: type, device: device);
            buffers[(use, type)] = buffer = (device.type == TorchSharp.DeviceType.CPU && cuda_is_available() ? plain.pin_memory() : plain).DetachFromDisposeScope();
        }

        return buffer.narrow(0, 0, count);
    }
}
