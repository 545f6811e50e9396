using System.Text;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda;

/// <summary>An NVIDIA GPU, as the driver describes it.</summary>
public sealed class CudaDevice
{
    private static readonly Lazy<(int Count, string? Reason)> Found = new(Find);

    private unsafe CudaDevice(int ordinal)
    {
        Ordinal = ordinal;
        Check(NativeMethods.DeviceGet(out int device, ordinal), $"cuDeviceGet({ordinal})");
        const int nameLength = 256;
        byte* name = stackalloc byte[nameLength];
        Check(NativeMethods.DeviceGetName(name, nameLength, device), $"cuDeviceGetName({ordinal})");
        var bytes = new ReadOnlySpan<byte>(name, nameLength);
        Name = Encoding.UTF8.GetString(bytes[..Math.Max(0, bytes.IndexOf((byte)0))]);
        Check(NativeMethods.DeviceTotalMemory(out nuint memory, device), $"cuDeviceTotalMem({ordinal})");
        MemoryBytes = (long)memory;
        ComputeCapability = new Version(Attribute(DeviceAttributes.ComputeCapabilityMajor), Attribute(DeviceAttributes.ComputeCapabilityMinor));
        MultiprocessorCount = Attribute(DeviceAttributes.MultiprocessorCount);

        int Attribute(int attribute)
        {
            Check(NativeMethods.DeviceGetAttribute(out int value, attribute, device), $"cuDeviceGetAttribute({attribute}, {ordinal})");
            return value;
        }
    }

    /// <summary>Whether there is a driver and at least one GPU. Never throws; <see cref="UnavailableReason"/> says why not.</summary>
    public static bool IsAvailable => Found.Value.Count > 0;

    /// <summary>Why there is no GPU to use; null when there is one.</summary>
    public static string? UnavailableReason => Found.Value.Reason;

    /// <summary>Number of GPUs; 0 without a driver. Never throws.</summary>
    public static int Count => Found.Value.Count;

    /// <summary>The GPU's number, from 0.</summary>
    public int Ordinal { get; }

    /// <summary>The driver's name for it.</summary>
    public string Name { get; }

    /// <summary>Bytes of its memory that are in use now, by this process and others; null where the driver does not say. Retains the GPU's primary context, which libtorch works in too.</summary>
    public long? MemoryInUse
    {
        get
        {
            try
            {
                using CurrentContext current = CudaContext.ForDevice(Ordinal).Enter();
                return NativeMethods.MemoryGetInfo(out nuint free, out nuint total) == 0 ? (long)(total - free) : null;
            }
            catch (CudaException)
            {
                return null;
            }
        }
    }

    /// <summary>Its memory in bytes.</summary>
    public long MemoryBytes { get; }

    /// <summary>Major and minor compute capability, for example 9.0.</summary>
    public Version ComputeCapability { get; }

    /// <summary>Number of streaming multiprocessors.</summary>
    public int MultiprocessorCount { get; }

    /// <summary>Describes a GPU.</summary>
    /// <param name="ordinal">From 0, below <see cref="Count"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no GPU of that number.</exception>
    /// <exception cref="CudaException">The driver failed.</exception>
    public static CudaDevice Get(int ordinal)
    {
        if ((uint)ordinal >= (uint)Count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(ordinal), ordinal, Count == 0 ? $"There is no GPU: {UnavailableReason}" : $"There are {Count} GPUs, numbered from 0.");
        }

        return new CudaDevice(ordinal);
    }

    private static void Check(int status, string call) => CudaException.ThrowIfFailed(NativeCudaDriver.Instance, status, call);

    private static (int Count, string? Reason) Find()
    {
        try
        {
            if (NativeMethods.Init(0) is not 0 and var initStatus) return (0, CudaException.FromStatus(NativeCudaDriver.Instance, initStatus, "cuInit(0)").Message);
            if (NativeMethods.DeviceGetCount(out int count) is not 0 and var status) return (0, CudaException.FromStatus(NativeCudaDriver.Instance, status, "cuDeviceGetCount").Message);
            return count > 0 ? (count, null) : (0, "the driver sees no GPU.");
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            return (0, $"the NVIDIA driver's library, {NativeMethods.FileName}, cannot be loaded ({e.GetType().Name}).");
        }
    }
}
