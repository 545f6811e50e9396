// Shape suffixes: T tokens, E hidden size.
using LongContext.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Training.Backpropagation;

/// <summary>Layers' inputs between forward and backward: on the device or in pinned memory of the host, of every n-th layer.</summary>
internal sealed class ActivationStore(int layerCount, Device device) : IDisposable
{
    private ActivationPolicy policy = ActivationPolicy.RecomputeLayers;
    private readonly Tensor?[] kept = new Tensor?[layerCount];

    /// <summary>Pinned buffers for the next pack of the same size: pinning costs more than copying.</summary>
    private readonly Stack<Tensor> free = [];

    private bool OnHost => policy.OnHost && device.type != DeviceType.CPU;

    /// <summary>Begins a pass under a policy.</summary>
    public void Begin(ActivationPolicy passPolicy) => policy = passPolicy;

    /// <summary>The first layer of the segment a layer lies in, whose inputs are kept.</summary>
    public int SegmentStart(int layer) => layer - (layer % policy.EveryNthLayer);

    /// <summary>Takes a layer's inputs over; they are kept, moved or freed.</summary>
    public void Put(int layer, Tensor x_TE)
    {
        if (SegmentStart(layer) != layer)
        {
            x_TE.Dispose();
        }
        else if (OnHost)
        {
            Tensor host_TE = Buffer(x_TE);
            host_TE.copy_(x_TE, true); // on the stream that wrote it and will read it back, so in order
            kept[layer] = host_TE;
            x_TE.Dispose();
        }
        else
        {
            kept[layer] = x_TE.DetachFromDisposeScope();
        }
    }

    /// <summary>A layer's inputs on the device, now the caller's. For the first layer of a segment only.</summary>
    public Tensor Take(int layer)
    {
        Tensor x_TE = kept[layer]!;
        kept[layer] = null;
        if (!OnHost) return x_TE;
        Tensor there_TE = empty(x_TE.shape, dtype: x_TE.dtype, device: device).DetachFromDisposeScope();
        there_TE.copy_(x_TE, true);
        free.Push(x_TE);
        return there_TE;
    }

    /// <summary>Forgets what a pass that failed left behind.</summary>
    public void Clear()
    {
        for (int i = 0; i < kept.Length; i++)
        {
            kept[i]?.Dispose();
            kept[i] = null;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Clear();
        while (free.TryPop(out Tensor? buffer)) buffer.Dispose();
    }

    private Tensor Buffer(Tensor x_TE)
    {
        while (free.TryPop(out Tensor? buffer))
        {
            if (buffer.HasShapeOf(x_TE) && buffer.dtype == x_TE.dtype) return buffer;
            buffer.Dispose();
        }

        using Tensor pageable = empty(x_TE.shape, dtype: x_TE.dtype, device: CPU);
        return pageable.pin_memory().DetachFromDisposeScope();
    }
}
