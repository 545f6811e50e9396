namespace LongContext.Cuda.Driver;

/// <summary>Numbers of CUdevice_attribute that are asked for.</summary>
internal static class DeviceAttributes
{
    public const int MultiprocessorCount = 16;
    public const int L2CacheBytes = 38;
    public const int MaxThreadsPerMultiprocessor = 39;
    public const int ComputeCapabilityMajor = 75;
    public const int ComputeCapabilityMinor = 76;
    public const int MaxSharedBytesPerMultiprocessor = 81;
    public const int MaxRegistersPerMultiprocessor = 82;
    public const int MaxSharedBytesPerBlockOptIn = 97;
    public const int VirtualMemoryManagement = 102;
}
