using static TorchSharp.torch;

namespace LongContext.Training.Optimizers;

/// <summary>Tensors that live as long as an optimizer.</summary>
internal static class HostMemory
{
    /// <summary>Zeros outside any dispose scope; on the CPU in pinned memory where asked, from where a GPU copies without a stop between.</summary>
    public static Tensor Zeros(ReadOnlySpan<long> shape, ScalarType type, Device device, bool pinned)
    {
        using var scope = NewDisposeScope();
        Tensor plain = zeros(shape, dtype: type, device: device);
        return (pinned && device.type == TorchSharp.DeviceType.CPU ? plain.pin_memory() : plain).DetachFromDisposeScope();
    }
}
