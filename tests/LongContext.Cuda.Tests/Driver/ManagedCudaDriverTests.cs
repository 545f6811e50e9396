using LongContext.ManagedCuda;

namespace LongContext.Cuda.Tests.Driver;

/// <summary>The driver through the package ManagedCuda-12, on a GPU.</summary>
public sealed class ManagedCudaDriverTests : CudaDriverSuite<ManagedCudaDriver>;
