using LongContext.ManagedCuda;

namespace LongContext.Cuda.Tests.Driver;

/// <summary>NVIDIA's driver as the package ManagedCuda-12 declares it.</summary>
public sealed class ManagedDriverCallsTests(FakeCudaLibrary library) : DriverCallsSuite<ManagedCudaDriver>(library);
