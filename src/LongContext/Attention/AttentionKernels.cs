using LongContext.Cuda;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using static TorchSharp.torch;

namespace LongContext.Attention;

/// <summary>The kernels there are, and the choice among them.</summary>
public static partial class AttentionKernels
{
    /// <summary>libtorch's attention, one call for each run of documents of equal length; runs everywhere.</summary>
    public static IAttentionKernel Libtorch { get; } = new LibtorchAttentionKernel();

    /// <summary>How much of a head may be filling before libtorch's kernels are preferred.</summary>
    private const double MostFilling = 1.25;

    /// <summary>This library's tiled kernels on NVIDIA GPUs; a call that they cannot run throws.</summary>
    public static IAttentionKernel Cuda { get; } = new CudaAttentionKernel();

    /// <summary>Picks a kernel for calls of this kind and logs which and why.</summary>
    /// <param name="device">Where the tensors lie.</param>
    /// <param name="dataType">Type of q, k and v.</param>
    /// <param name="headDimension">Size of a head.</param>
    /// <param name="logger">Told the choice at level Information; null for nobody.</param>
    /// <returns><see cref="Cuda"/> where it can run such calls without much filling, else <see cref="Libtorch"/>.</returns>
    /// <exception cref="CudaException">The driver has no such GPU, or failed.</exception>
    public static IAttentionKernel Auto(Device device, ScalarType dataType, int headDimension, ILogger? logger = null) =>
        Choose((CudaAttentionKernel)Cuda, device, dataType, headDimension, logger);

    internal static IAttentionKernel Choose(CudaAttentionKernel tiled, Device device, ScalarType dataType, int headDimension, ILogger? logger)
    {
        ArgumentNullException.ThrowIfNull(device);
        string? reason = tiled.WhyNot(device, dataType, headDimension);
        int size = CudaAttentionKernel.KernelSize(headDimension);
        if (reason is null && size > MostFilling * headDimension) reason = $"heads of {headDimension} would be filled up to {size}";
        IAttentionKernel kernel = reason is null ? tiled : Libtorch;
        LogChoice(logger ?? NullLogger.Instance, kernel.Name, device.ToString(), dataType, headDimension, reason is null ? "the tiled kernels have it" : $"not the tiled kernels, since {reason}");
        if (reason is null && tiled.Refused(device, dataType, headDimension) is { } refused) LogRefused(logger ?? NullLogger.Instance, device.ToString(), dataType, headDimension, refused);
        return kernel;
    }

    [LoggerMessage(EventId = 113, Level = LogLevel.Warning, Message = "The driver of {Device} refuses the best attention kernels ({DataType}, head size {HeadDimension}), so that the portable ones run, which are slower: {Reason}")]
    private static partial void LogRefused(ILogger logger, string device, ScalarType dataType, int headDimension, string reason);

    [LoggerMessage(EventId = 111, Level = LogLevel.Information, Message = "Attention kernel {Kernel} on {Device} ({DataType}, head size {HeadDimension}): {Reason}.")]
    private static partial void LogChoice(ILogger logger, string kernel, string device, ScalarType dataType, int headDimension, string reason);
}
