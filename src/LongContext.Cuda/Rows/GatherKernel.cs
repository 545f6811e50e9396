using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Rows;

/// <summary>Launches gathers of rows. Allocates nothing after the first call.</summary>
/// <param name="context">The GPU.</param>
/// <param name="plain">Whether the plain, slow kernel runs: for tests.</param>
internal sealed class GatherKernel(CudaContext context, bool plain = false)
{
    /// <summary>Whether the plain, slow kernel runs.</summary>
    public bool Plain { get; } = plain;

    /// <summary>Puts it on a stream.</summary>
    /// <exception cref="ArgumentException">A size or an address that cannot be.</exception>
    public void Run(in GatherArguments arguments, nint stream) => throw new NotImplementedException(context.ToString());
}
