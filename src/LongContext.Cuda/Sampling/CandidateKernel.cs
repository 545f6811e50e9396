using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Sampling;

/// <summary>Launches the search for the highest logits. Allocates nothing after the first call.</summary>
/// <param name="context">The GPU.</param>
/// <param name="plain">Whether the plain, slow kernel runs: for tests.</param>
internal sealed class CandidateKernel(CudaContext context, bool plain = false)
{
    /// <summary>Most candidates of a row.</summary>
    public const int MostCandidates = 64;

    /// <summary>Whether the plain, slow kernel runs.</summary>
    public bool Plain { get; } = plain;

    /// <summary>Bytes of workspace.</summary>
    public static long WorkspaceBytes(int rows, int vocabulary, int count, GpuArchitecture architecture) => throw new NotImplementedException();

    /// <summary>Puts it on a stream: two launches.</summary>
    /// <exception cref="ArgumentException">A size or an address that cannot be.</exception>
    public void Run(in CandidateArguments arguments, nint stream) => throw new NotImplementedException(context.ToString());
}
