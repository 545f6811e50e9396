using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Sampling;

/// <summary>Launches what lies between two decoding steps. Allocates nothing after the first call.</summary>
/// <param name="context">The GPU.</param>
internal sealed class AdvanceKernel(CudaContext context)
{
    /// <summary>Puts it on a stream.</summary>
    /// <exception cref="ArgumentException">A size or an address that cannot be.</exception>
    public void Run(in AdvanceArguments arguments, nint stream) => throw new NotImplementedException(context.ToString());
}
