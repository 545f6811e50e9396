using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Driver;

/// <summary>The driver through this library's own declarations, on a GPU.</summary>
public sealed class NativeCudaDriverTests : CudaDriverSuite<NativeCudaDriver>;
