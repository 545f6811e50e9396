using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Linear;

/// <summary>Launches products of a few rows with weight matrices in any format. Allocates nothing after the first call; can be captured into a graph.</summary>
internal sealed class LinearKernel
{
    /// <summary>Most rows of x.</summary>
    public const int MostRows = 32;

    /// <param name="context">The GPU.</param>
    /// <param name="plain">Whether the plain, slow kernel runs: for tests.</param>
    public LinearKernel(CudaContext context, bool plain = false)
    {
        Context = context;
        Plain = plain;
    }

    /// <summary>Whether the plain, slow kernel runs.</summary>
    public bool Plain { get; }

    private CudaContext Context { get; }

    /// <summary>Bytes of workspace for arguments, whose addresses are not looked at; 0 where none is needed. Launches that follow each other on a stream may share it.</summary>
    public static long WorkspaceBytes(in LinearArguments arguments, GpuArchitecture architecture) => throw new NotImplementedException();

    /// <summary>Puts it on a stream: one launch, or two where the inputs are split among blocks.</summary>
    /// <exception cref="ArgumentException">A size, a format or an address that cannot be.</exception>
    public void Run(in LinearArguments arguments, nint stream) => throw new NotImplementedException();
}
