using LongContext.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LongContext.Generation.Running;

/// <summary>The choice between runners.</summary>
internal static partial class ModelRunners
{
    /// <summary>The GPU's or the CPU's kernels where they run the model, else libtorch's operators; says which and why.</summary>
    /// <param name="model">The model; stays the caller's.</param>
    /// <param name="options">How steps are run; null for the defaults.</param>
    /// <param name="logger">Told the choice at level Information; null for nobody.</param>
    /// <exception cref="ArgumentException">Options are out of range; the message holds every fault.</exception>
    public static IModelRunner Create(CausalLanguageModel model, RunnerOptions? options = null, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        options ??= new RunnerOptions();
        options.Validate();
        model.ThrowIfDisposed();
        bool onGpu = model.Device.type == TorchSharp.DeviceType.CUDA;
        string kernels = onGpu ? "the GPU's kernels" : "the CPU's kernels";
        string? reason = onGpu ? CudaModelRunner.WhyNot(model, options) : CpuModelRunner.WhyNot(model);
        IModelRunner runner = reason is not null ? new TorchModelRunner(model, options) : onGpu ? new CudaModelRunner(model, options) : new CpuModelRunner(model, options);
        LogChoice(logger ?? NullLogger.Instance, runner.Name, model.Config.ModelType, model.DataType.ToString(), reason is null ? $"{kernels} have it" : $"not {kernels}, since {reason}");
        if (runner is CpuModelRunner { MadePlain: { Count: > 0 } plain }) LogMadePlain(logger ?? NullLogger.Instance, plain.Count, plain[0], model.DataType.ToString());
        if (runner is CudaModelRunner graphs) graphs.GraphFailed = fault => LogNoGraphs(logger ?? NullLogger.Instance, fault);
        if (runner is CudaModelRunner { PlainBytes: > 0 and var held }) LogPlainCache(logger ?? NullLogger.Instance, held);
        return runner;
    }

    [LoggerMessage(EventId = 106, Level = LogLevel.Warning, Message = "Steps cannot be captured as graphs and are launched kernel by kernel, which is slower: {Reason}")]
    private static partial void LogNoGraphs(ILogger logger, string reason);

    [LoggerMessage(EventId = 103, Level = LogLevel.Information, Message = "Steps of the model ({ModelType}, {DataType}) are run by '{Runner}': {Reason}.")]
    private static partial void LogChoice(ILogger logger, string runner, string modelType, string dataType, string reason);

    [LoggerMessage(EventId = 104, Level = LogLevel.Warning, Message = "The driver has no virtual memory management on this GPU: {Bytes} bytes are taken for the cache at once and kept.")]
    private static partial void LogPlainCache(ILogger logger, long bytes);

    [LoggerMessage(EventId = 105, Level = LogLevel.Warning, Message = "{Count} quantised matrices ('{First}' the first) lie in a way that the CPU's kernels do not read. They were made plain and take the memory of {DataType}.")]
    private static partial void LogMadePlain(ILogger logger, int count, string first, string dataType);
}
