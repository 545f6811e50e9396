using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>Small crossings between managed arrays and tensors.</summary>
internal static class HostTensors
{
    /// <summary>
    /// int32 ids to an int64 tensor, which is what libtorch indexes with; outside any dispose scope, so the caller holds and disposes it: a tensor that nothing holds may be finalised in the middle of an
    /// operator that reads it.
    /// </summary>
    public static Tensor FromIds(ReadOnlySpan<int> ids, Device device) => InScope(ids, device).DetachFromDisposeScope();

    /// <summary>The same, held by the current dispose scope.</summary>
    public static Tensor InScope(ReadOnlySpan<int> ids, Device device)
    {
        var wide = new long[ids.Length];
        for (int i = 0; i < ids.Length; i++) wide[i] = ids[i];
        return OnDevice(tensor(wide), device);
    }

    /// <summary>The tensor on the device; the host's copy goes away when it is another.</summary>
    public static Tensor OnDevice(Tensor host, Device device)
    {
        if (device.type == DeviceType.CPU) return host;
        Tensor there = host.to(device);
        host.Dispose();
        return there;
    }
}
