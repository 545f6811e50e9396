using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using static TorchSharp.torch;

namespace LongContext.Attention;

/// <summary>The kernels there are, and the choice among them.</summary>
public static partial class AttentionKernels
{
    /// <summary>libtorch's attention, one call for each run of documents of equal length; runs everywhere.</summary>
    public static IAttentionKernel Libtorch { get; } = new LibtorchAttentionKernel();

    /// <summary>Picks a kernel for calls of this kind and logs which and why.</summary>
    /// <param name="device">Where the tensors lie.</param>
    /// <param name="dataType">Type of q, k and v.</param>
    /// <param name="headDimension">Size of a head.</param>
    /// <param name="logger">Told the choice at level Information; null for nobody.</param>
    /// <returns>The kernel; <see cref="Libtorch"/> until the tiled CUDA kernels are there.</returns>
    public static IAttentionKernel Auto(Device device, ScalarType dataType, int headDimension, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        LogChoice(logger ?? NullLogger.Instance, Libtorch.Name, device.ToString(), dataType, headDimension);
        return Libtorch;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Attention kernel {Kernel} on {Device} ({DataType}, head size {HeadDimension}): the only one there is so far.")]
    private static partial void LogChoice(ILogger logger, string kernel, string device, ScalarType dataType, int headDimension);
}
