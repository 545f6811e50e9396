namespace LongContext.Cuda.Driver;

/// <summary>What tile shapes, stages and the choice of kernels depend on.</summary>
public sealed record GpuArchitecture
{
    /// <summary>Major and minor compute capability, for example 9.0.</summary>
    public required Version ComputeCapability { get; init; }

    /// <summary>Number of streaming multiprocessors.</summary>
    public required int MultiprocessorCount { get; init; }

    /// <summary>Most shared memory that a block may ask for, in bytes.</summary>
    public required int SharedBytesPerBlock { get; init; }

    /// <summary>Shared memory of a multiprocessor, in bytes; each block takes 1,024 more than it asks for.</summary>
    public required int SharedBytesPerMultiprocessor { get; init; }

    /// <summary>32-bit registers of a multiprocessor.</summary>
    public int RegistersPerMultiprocessor { get; init; } = 65_536;

    /// <summary>Most resident threads of a multiprocessor.</summary>
    public int ThreadsPerMultiprocessor { get; init; } = 2_048;

    /// <summary>Second-level cache in bytes.</summary>
    public required long L2CacheBytes { get; init; }

    /// <summary>Whether kernels of the sm_90a target run: wgmma and setmaxnreg exist on compute capability 9.0 and on no other.</summary>
    public bool IsHopper => ComputeCapability is { Major: 9, Minor: 0 };

    /// <summary>A100 40 GB or 80 GB, compute capability 8.0.</summary>
    public static GpuArchitecture A100 { get; } = new()
    {
        ComputeCapability = new Version(8, 0), MultiprocessorCount = 108, SharedBytesPerBlock = 163 << 10, SharedBytesPerMultiprocessor = 164 << 10, L2CacheBytes = 40L << 20,
    };

    /// <summary>GeForce RTX 4090, compute capability 8.9.</summary>
    public static GpuArchitecture Rtx4090 { get; } = new()
    {
        ComputeCapability = new Version(8, 9), MultiprocessorCount = 128, SharedBytesPerBlock = 99 << 10, SharedBytesPerMultiprocessor = 100 << 10,
        ThreadsPerMultiprocessor = 1_536, L2CacheBytes = 72L << 20,
    };

    /// <summary>H100 SXM, compute capability 9.0.</summary>
    public static GpuArchitecture H100 { get; } = new()
    {
        ComputeCapability = new Version(9, 0), MultiprocessorCount = 132, SharedBytesPerBlock = 227 << 10, SharedBytesPerMultiprocessor = 228 << 10, L2CacheBytes = 50L << 20,
    };

    internal static GpuArchitecture Of(ICudaDriver driver, int ordinal)
    {
        CudaException.ThrowIfFailed(driver, driver.DeviceGet(out int device, ordinal), $"cuDeviceGet({ordinal})");
        return new GpuArchitecture
        {
            ComputeCapability = new Version(Attribute(DeviceAttributes.ComputeCapabilityMajor), Attribute(DeviceAttributes.ComputeCapabilityMinor)),
            MultiprocessorCount = Attribute(DeviceAttributes.MultiprocessorCount),
            SharedBytesPerBlock = Attribute(DeviceAttributes.MaxSharedBytesPerBlockOptIn),
            SharedBytesPerMultiprocessor = Attribute(DeviceAttributes.MaxSharedBytesPerMultiprocessor),
            RegistersPerMultiprocessor = Attribute(DeviceAttributes.MaxRegistersPerMultiprocessor),
            ThreadsPerMultiprocessor = Attribute(DeviceAttributes.MaxThreadsPerMultiprocessor),
            L2CacheBytes = Attribute(DeviceAttributes.L2CacheBytes),
        };

        int Attribute(int attribute)
        {
            CudaException.ThrowIfFailed(driver, driver.DeviceGetAttribute(out int value, attribute, device), $"cuDeviceGetAttribute({attribute}, {ordinal})");
            return value;
        }
    }
}
