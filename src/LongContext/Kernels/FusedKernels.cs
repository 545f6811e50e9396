using System.Collections.Concurrent;
using LongContext.Cuda;
using LongContext.Cuda.CrossEntropy;
using LongContext.Cuda.Dequantization;
using LongContext.Cuda.Driver;
using LongContext.Cuda.GatedUnits;
using LongContext.Cuda.Normalization;
using LongContext.Cuda.Optimizers;
using LongContext.Cuda.Pointwise;
using LongContext.Cuda.Rotary;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Kernels;

/// <summary>
/// The choice between LongContext.Cuda's memory-bound kernels and libtorch's operators. Who computes something asks <see cref="For"/>
/// with the tensors it has; where the answer is null, or a kernel's own conditions do not hold, it goes on with the operators. Kernels
/// read and write their tensors once, compute in float32 and round once, where operators round after each of their steps: results differ
/// within that rounding. Dequantised weights and 8-bit states have the same bits.
/// </summary>
/// <remarks>
/// Kernels run on GPUs of compute capability 8.0 and up, for float32, float16 and bfloat16, where no graph of autograd is recorded. To
/// compare with operators alone, switch them off before the first use: the AppContext switch <see cref="SwitchName"/> (in
/// runtimeconfig.json, or a RuntimeHostConfigurationOption of the project) set to false, or the environment variable
/// <see cref="VariableName"/> to 0 or false. The switch goes before the variable. They are read when a GPU is first used.
/// </remarks>
internal sealed partial class FusedKernels(CudaContext context)
{
    /// <summary>The AppContext switch; on by default.</summary>
    public const string SwitchName = "LongContext.FusedKernels";

    /// <summary>The environment variable.</summary>
    public const string VariableName = "LONGCONTEXT_FUSED_KERNELS";

    private static readonly string[] Roles = ["rms_norm", "rotary", "gated_unit", "cross_entropy", "dequantize", "adamw"];

    private static readonly ConcurrentDictionary<int, (FusedKernels? Kernels, string? WhyNot)> OfDevices = new();

    /// <summary>Kernels for tensors on the CPU, whose addresses are good for another context than a GPU's: an emulated one.</summary>
    private static readonly AsyncLocal<FusedKernels?> OnCpu = new();

    /// <summary>Where they run.</summary>
    public CudaContext Context { get; } = context;

    public RmsNormKernel RmsNorm { get; } = new(context);

    public RotaryKernel Rotary { get; } = new(context);

    public GatedUnitKernel GatedUnit { get; } = new(context);

    public CrossEntropyKernel CrossEntropy { get; } = new(context);

    public DequantizationKernel Dequantization { get; } = new(context);

    public AdamWKernel AdamW { get; } = new(context);

    public BlockwiseAdamWKernel BlockwiseAdamW { get; } = new(context);

    /// <summary>Whether the switch and the variable leave them on.</summary>
    public static bool IsSwitchedOn => ReadSwitch(
        AppContext.TryGetSwitch(SwitchName, out bool on) ? on : null, Environment.GetEnvironmentVariable(VariableName));

    /// <summary>The kernels that can compute something from these tensors.</summary>
    /// <param name="inputs">All that is read; types and layout are left to whoever launches.</param>
    /// <returns>Null where there are none: not on one GPU that has them, or autograd is to record the operation.</returns>
    public static FusedKernels? For(params ReadOnlySpan<Tensor> inputs)
    {
        FusedKernels? kernels = inputs[0].device_type switch
        {
            DeviceType.CUDA => OfDevice(inputs[0].device_index).Kernels,
            DeviceType.CPU => OnCpu.Value,
            _ => null,
        };
        if (kernels is null) return null;
        bool recording = is_grad_enabled();
        foreach (Tensor input in inputs)
        {
            if ((recording && input.requires_grad) || input.device_type != inputs[0].device_type || input.device_index != inputs[0].device_index) return null;
        }

        return kernels;
    }

    /// <summary>The kernels' word for a type; false where they do not have it.</summary>
    public static bool TryType(ScalarType type, out ElementType element)
    {
        element = type switch { ScalarType.BFloat16 => ElementType.BFloat16, ScalarType.Float16 => ElementType.Float16, _ => ElementType.Float32 };
        return type is ScalarType.BFloat16 or ScalarType.Float16 or ScalarType.Float32;
    }

    /// <summary>Says why tensors of a type on a device are left to libtorch's operators; null where kernels take them.</summary>
    public static string? WhyNot(Device device, ScalarType dataType)
    {
        if (device.type == DeviceType.CPU ? OnCpu.Value is null : device.type != DeviceType.CUDA) return $"the tensors are on {device}, not on a GPU";
        if (!TryType(dataType, out _)) return $"the type is {dataType}; they run in BFloat16, Float16 and Float32";
        return device.type == DeviceType.CUDA ? OfDevice(device.index).WhyNot : null;
    }

    /// <summary>Whether tensors of a type on a GPU go through them: the GPU at hand, or where there is none, any that is new enough.</summary>
    public static bool RunOnGpus(ScalarType dataType) =>
        TryType(dataType, out _) && (CudaDevice.IsAvailable ? WhyNot(IsSwitchedOn, 0) is null : IsSwitchedOn);

    /// <summary>Logs once what a model's tensors go through, and why.</summary>
    public static void LogChoice(Device device, ScalarType dataType, ILogger? logger)
    {
        string? reason = WhyNot(device, dataType);
        LogChoice(
            logger ?? NullLogger.Instance, reason is null ? "fused" : "libtorch", device.ToString(), dataType,
            reason is null ? "the memory-bound kernels have them" : $"not the memory-bound kernels, since {reason}");
    }

    /// <summary>Sends tensors on the CPU through a context for which their addresses are good, as far as the caller's execution context reaches. For tests.</summary>
    public static IDisposable UseOnCpu(CudaContext context)
    {
        FusedKernels? before = OnCpu.Value;
        OnCpu.Value = new FusedKernels(context);
        return new Scope(before);
    }

    /// <summary>The PTX that these kernels are in, their plain counterparts apart.</summary>
    internal static string[] Modules { get; } =
        [.. KernelImages.Names.Where(name => Roles.Any(role => name.StartsWith($"sm_80/{role}_", StringComparison.Ordinal)))
            .Where(name => !name.Contains("_reference", StringComparison.Ordinal))];

    internal static bool ReadSwitch(bool? appContext, string? variable) =>
        appContext ?? !(variable is "0" || string.Equals(variable, "false", StringComparison.OrdinalIgnoreCase));

    /// <summary>The reason against a GPU, from what is known of it.</summary>
    internal static string? WhyNot(bool switchedOn, string? unavailable, Func<Version> capability)
    {
        if (!switchedOn) return $"the switch {SwitchName} is off";
        if (unavailable is not null) return $"there is no GPU: {unavailable}";
        Version version = capability();
        return version.Major < 8 ? $"the GPU has compute capability {version}; 8.0 is needed" : null;
    }

    private static string? WhyNot(bool switchedOn, int ordinal) =>
        WhyNot(switchedOn, CudaDevice.IsAvailable ? null : CudaDevice.UnavailableReason, () => CudaDevice.Get(ordinal).ComputeCapability);

    private static (FusedKernels? Kernels, string? WhyNot) OfDevice(int index) => OfDevices.GetOrAdd(Math.Max(0, index), static ordinal =>
    {
        if (WhyNot(IsSwitchedOn, ordinal) is { } reason) return (null, reason);
        CudaContext context = CudaContext.ForDevice(ordinal);
        // All at once, before anything depends on them: a driver that does not take one of them leaves everything to the operators.
        return context.WhyNotLoadable(Modules) is { } fault ? (null, fault) : (new FusedKernels(context), null);
    });

    [LoggerMessage(EventId = 112, Level = LogLevel.Information, Message = "Norms, rotary embedding, gated units, losses and optimizers run by {Kernels} on {Device} ({DataType}): {Reason}.")]
    private static partial void LogChoice(ILogger logger, string kernels, string device, ScalarType dataType, string reason);

    private sealed class Scope(FusedKernels? before) : IDisposable
    {
        public void Dispose() => OnCpu.Value = before;
    }
}
