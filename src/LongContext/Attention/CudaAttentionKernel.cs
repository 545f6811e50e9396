// Shape suffixes: T queries, S keys, H heads, K key/value heads, D head size.
using System.Collections.Concurrent;
using LongContext.Cuda;
using LongContext.Cuda.Attention;
using LongContext.Cuda.Driver;
using LongContext.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Attention;

/// <summary>
/// This library's own tiled kernels (FlashAttention's online softmax: Dao et al. 2022, arXiv:2205.14135; Dao 2023, arXiv:2307.08691) on NVIDIA
/// GPUs: one launch for a whole pack, whatever its documents; causal, windowed, capped and grouped alike; memory linear in length; forward and
/// backward. bfloat16 and float16 with sums in float32, compute capability 8.0 and up. There are kernels for head sizes 64, 80, 96, 128 and 256; others up
/// to 256 are filled up with zeros to the next, which costs a copy and changes nothing.
/// </summary>
/// <remarks>
/// Work is (document, tile) pairs, the longest first, planned once for a pack and used by all layers. The backward pass sums the queries' gradient
/// in the order in which blocks come, so that two runs may differ in the last bit; <see cref="Deterministic"/> asks for a fixed order.
/// </remarks>
public sealed class CudaAttentionKernel : IAttentionKernel, IAttentionBackward
{
    private readonly Func<Device, CudaContext> contextOf;
    private readonly DeviceType deviceType;
    private readonly ConcurrentDictionary<int, CudaDecoding> decoding = new();
    private readonly ConcurrentDictionary<(int Device, ScalarType DataType, int Size), LoadedKernels> loaded = new();
    private readonly DevicePlanCache<AttentionShape, AttentionPlan> plans;
    private Exception? failure;

    /// <summary>Makes the kernel; nothing of a GPU is touched before the first call.</summary>
    /// <param name="deterministic">Whether two backward passes give the same bits; costs 7 products of matrices instead of 5. Default false.</param>
    public CudaAttentionKernel(bool deterministic = false)
        : this(deterministic, static device => CudaContext.ForDevice(Math.Max(0, device.index)), DeviceType.CUDA)
    {
    }

    /// <summary>Over another context than the driver's, for tensors that its addresses are good for.</summary>
    internal CudaAttentionKernel(bool deterministic, CudaContext context, DeviceType deviceType)
        : this(deterministic, _ => context, deviceType)
    {
    }

    private CudaAttentionKernel(bool deterministic, Func<Device, CudaContext> contextOf, DeviceType deviceType)
    {
        Deterministic = deterministic;
        this.contextOf = contextOf;
        this.deviceType = deviceType;
        plans = new DevicePlanCache<AttentionShape, AttentionPlan>((shape, arguments, device) =>
        {
            ScalarType dataType = shape.Element == AttentionElement.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float16;
            var plan = new AttentionPlan(
                shape, contextOf(device).Architecture, arguments.CumulativeSequenceLengths.Span, arguments.KeyLengths,
                path: LoadedFor(device, dataType, shape.HeadSize).Path);
            return (plan, plan.Data.ToArray());
        });
    }

    /// <summary>Whether two backward passes over the same tensors give the same bits. The forward pass always does.</summary>
    public bool Deterministic { get; }

    /// <inheritdoc />
    public string Name => Deterministic ? "cuda-deterministic" : "cuda";

    /// <inheritdoc />
    public string? WhyNot(Device device, ScalarType dataType, int headDimension, AttentionArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(arguments);
        if (WhyNot(device, dataType, headDimension) is { } reason) return reason;
        if (arguments.Scale is { } scale && !((float)scale > 0 && float.IsFinite((float)scale))) return $"the scale is {scale}, and a positive one is needed";
        return null;
    }

    /// <summary>Says why no call with such tensors can run; null where one can.</summary>
    internal string? WhyNot(Device device, ScalarType dataType, int headDimension)
    {
        if (device.type != deviceType) return $"the tensors are on {device}, not on a GPU";
        if (dataType is not (ScalarType.BFloat16 or ScalarType.Float16)) return $"the type is {dataType}; it runs in BFloat16 and Float16";
        if (KernelSize(headDimension) == 0) return $"the head size is {headDimension}; there are kernels for {string.Join(", ", TileChoice.HeadSizes)}, and smaller heads are filled up";
        if (deviceType == DeviceType.CUDA && !CudaDevice.IsAvailable) return $"there is no GPU: {CudaDevice.UnavailableReason}";
        Version capability = contextOf(device).Architecture.ComputeCapability;
        return capability.Major < 8 ? $"the GPU has compute capability {capability}; 8.0 is needed" : LoadedFor(device, dataType, headDimension).WhyNot;
    }

    /// <summary>What the driver said of the best kernels for such tensors where it takes the portable ones alone; null where it takes the best. For calls that can run.</summary>
    internal string? Refused(Device device, ScalarType dataType, int headDimension) => LoadedFor(device, dataType, headDimension).Refused;

    /// <summary>The head size of the kernel that runs heads of a size; 0 where they are too large.</summary>
    internal static int KernelSize(long headDimension)
    {
        foreach (int size in TileChoice.HeadSizes)
        {
            if (size >= headDimension) return size;
        }

        return 0;
    }

    /// <summary>Whether attention of a type and head size runs in these kernels on a GPU: the one at hand, or where there is none, any that is new enough.</summary>
    internal static bool RunsOnGpus(ScalarType dataType, int headDimension) =>
        dataType is ScalarType.BFloat16 or ScalarType.Float16 && TileChoice.HeadSizes.Contains(headDimension)
        && (!CudaDevice.IsAvailable || CudaDevice.Get(0).ComputeCapability.Major >= 8);

    /// <inheritdoc />
    /// <exception cref="ArgumentException">Shapes and borders do not belong together; the message names which.</exception>
    /// <exception cref="NotSupportedException">The call is none that this kernel runs; the message says why.</exception>
    /// <exception cref="InvalidOperationException">The backward pass of an earlier call failed under autograd, which cannot throw there; the cause is inside.</exception>
    /// <exception cref="CudaException">The driver refused a launch.</exception>
    public Tensor Forward(Tensor q, Tensor k, Tensor v, AttentionArguments arguments)
    {
        Check(q, k, v, arguments);
        if (is_grad_enabled() && (q.requires_grad || k.requires_grad || v.requires_grad)) return CudaAttentionFunction.apply(q, k, v, this, arguments);
        (Tensor output_THD, Tensor logSumExp_TH) = Run(q, k, v, arguments);
        logSumExp_TH.Dispose();
        return output_THD;
    }

    /// <inheritdoc />
    /// <exception cref="ArgumentException">Shapes and borders do not belong together; the message names which.</exception>
    /// <exception cref="NotSupportedException">The call is none that this kernel runs; the message says why.</exception>
    /// <exception cref="InvalidOperationException">The backward pass of an earlier call failed under autograd, which cannot throw there; the cause is inside.</exception>
    /// <exception cref="CudaException">The driver refused a launch.</exception>
    public (Tensor Output, Tensor LogSumExp) ForwardWithLogSumExp(Tensor q, Tensor k, Tensor v, AttentionArguments arguments)
    {
        Check(q, k, v, arguments);
        return Run(q, k, v, arguments);
    }

    /// <inheritdoc />
    (Tensor Q, Tensor K, Tensor V) IAttentionBackward.Backward(
        Tensor q, Tensor k, Tensor v, Tensor output, Tensor logSumExp, Tensor gradient, AttentionArguments arguments) =>
        Backward(q, k, v, output, logSumExp, gradient, arguments);

    /// <summary>The forward launch, of a call that was checked.</summary>
    internal (Tensor Output_THD, Tensor LogSumExp_TH) Run(Tensor q, Tensor k, Tensor v, AttentionArguments arguments)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        (Tensor q_THD, Tensor k_SKD, Tensor v_SKD) = (InRows(q.detach()), InRows(k.detach()), InRows(v.detach()));
        Tensor output_THD = empty([q.size(0), q.size(1), KernelSize(q.size(2))], dtype: q.dtype, device: q.device);
        Tensor logSumExp_HT = empty([q.size(1), q.size(0)], dtype: ScalarType.Float32, device: q.device);
        if (q.size(0) > 0)
        {
            CudaContext context = contextOf(q.device);
            CudaDecoding? decodes = CudaDecoding.IsFor(arguments) ? decoding.GetOrAdd(Math.Max(0, q.device.index), _ => new CudaDecoding(context)) : null;
            if (decodes is not null && decodes.Loads(q.dtype, KernelSize(q.size(2))))
            {
                decodes.Run(q_THD, k_SKD, v_SKD, output_THD, logSumExp_HT, arguments with { Scale = arguments.Scale ?? 1 / Math.Sqrt(q.size(2)) });
            }
            else
            {
                plans.Use(ShapeOf(q, k, arguments), arguments, q.device, (plan, data) =>
                    AttentionForward.Launch(context, plan, data, Rows(q_THD), Rows(k_SKD), Rows(v_SKD), Rows(output_THD), logSumExp_HT.Address()));
            }
        }

        return (OfSize(output_THD, q.size(2)).MoveToOuterDisposeScope(), logSumExp_HT.transpose(0, 1).MoveToOuterDisposeScope());
    }

    /// <summary>The backward launches.</summary>
    internal (Tensor Q_THD, Tensor K_SKD, Tensor V_SKD) Backward(
        Tensor q, Tensor k, Tensor v, Tensor output, Tensor logSumExp, Tensor gradient, AttentionArguments arguments)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        (Tensor q_THD, Tensor k_SKD, Tensor v_SKD) = (InRows(q.detach()), InRows(k.detach()), InRows(v.detach()));
        Tensor output_THD = InRows(output.detach()), gradient_THD = InRows(gradient.detach());
        Tensor logSumExp_HT = logSumExp.detach().transpose(0, 1).contiguous();
        Tensor gradientQ_THD = Like(q), gradientK_SKD = Like(k), gradientV_SKD = Like(v);
        if (q.size(0) > 0 || k.size(0) > 0)
        {
            CudaContext context = contextOf(q.device);
            plans.Use(ShapeOf(q, k, arguments), arguments, q.device, (plan, data) =>
            {
                // libtorch's memory begins at multiples of 512 bytes on a GPU, of 64 on the CPU.
                using Tensor workspace = empty([AttentionBackward.WorkspaceBytes(plan) + AttentionBackward.Alignment], dtype: ScalarType.Byte, device: q.device);
                nint aligned = (workspace.Address() + (nint)AttentionBackward.Alignment - 1) / (nint)AttentionBackward.Alignment * (nint)AttentionBackward.Alignment;
                var gradients = new AttentionGradients(Rows(gradient_THD), Rows(gradientQ_THD), Rows(gradientK_SKD), Rows(gradientV_SKD));
                AttentionBackward.Launch(
                    context, plan, data, Rows(q_THD), Rows(k_SKD), Rows(v_SKD), Rows(output_THD), logSumExp_HT.Address(), gradients, aligned);
            });
        }

        return (Result(gradientQ_THD), Result(gradientK_SKD), Result(gradientV_SKD));

        static Tensor Like(Tensor of) => empty([of.size(0), of.size(1), KernelSize(of.size(2))], dtype: of.dtype, device: of.device);

        Tensor Result(Tensor x) => OfSize(x, q.size(2)).MoveToOuterDisposeScope();
    }

    /// <summary>Remembers what went wrong where it could not be thrown.</summary>
    internal void BackwardFailed(Exception exception) => Interlocked.CompareExchange(ref failure, exception, null);

    /// <summary>Which path's kernels the driver takes, found out before anything depends on them.</summary>
    private LoadedKernels LoadedFor(Device device, ScalarType dataType, int headDimension)
    {
        int size = KernelSize(headDimension);
        return loaded.GetOrAdd((Math.Max(0, device.index), dataType, size), key => LoadedKernels.Load(
            contextOf(device), key.DataType == ScalarType.BFloat16 ? AttentionElement.BFloat16 : AttentionElement.Float16, key.Size, Deterministic));
    }

    private void Check(Tensor q, Tensor k, Tensor v, AttentionArguments arguments)
    {
        if (Interlocked.Exchange(ref failure, null) is { } before)
            throw new InvalidOperationException($"The backward pass of attention before this call failed, and its gradients are NaN: {before.Message}", before);
        AttentionShapes.Check(q, k, v, arguments);
        if (WhyNot(q.device, q.dtype, (int)q.size(2), arguments) is { } reason) throw new NotSupportedException($"Attention kernel {Name} cannot run this call: {reason}.");
    }

    private AttentionShape ShapeOf(Tensor q_THD, Tensor k_SKD, AttentionArguments arguments) => new()
    {
        Element = q_THD.dtype == ScalarType.BFloat16 ? AttentionElement.BFloat16 : AttentionElement.Float16,
        HeadSize = KernelSize(q_THD.size(2)),
        Heads = (int)q_THD.size(1),
        KeyHeads = (int)k_SKD.size(1),
        WindowLeft = Side(arguments),
        WindowRight = arguments.Causal ? 0 : Side(arguments),
        Scale = (float)(arguments.Scale ?? 1 / Math.Sqrt(q_THD.size(2))),
        Cap = (float)(arguments.SoftCap ?? 0),
        Deterministic = Deterministic,
    };

    private static int Side(AttentionArguments arguments) => Math.Min(arguments.SlidingWindow - 1 ?? AttentionParameters.NoWindow, AttentionParameters.NoWindow);

    /// <summary>
    /// The tensor itself where a token's heads lie together and start at multiples of 16 bytes, as the kernels read them; else a copy, with heads of
    /// the kernel's size.
    /// </summary>
    private static Tensor InRows(Tensor x_THD)
    {
        int size = KernelSize(x_THD.size(2));
        if (size != x_THD.size(2))
        {
            // Zeros add nothing to a score, and what they give of an output or a gradient is cut off again.
            Tensor filled = zeros([x_THD.size(0), x_THD.size(1), size], dtype: x_THD.dtype, device: x_THD.device);
            filled.narrow(2, 0, x_THD.size(2)).copy_(x_THD);
            return filled;
        }

        if (x_THD.numel() == 0) return x_THD;
        bool together = x_THD.stride(2) == 1 && (x_THD.stride(1) == x_THD.size(2) || x_THD.size(1) == 1);
        bool apart = x_THD.stride(0) is var stride && stride % 8 == 0 && stride >= x_THD.size(1) * x_THD.size(2) && stride <= AttentionRows.MaxStride;
        return together && apart && x_THD.Address() % 16 == 0 ? x_THD : x_THD.contiguous().clone();
    }

    private static Tensor OfSize(Tensor x_THD, long size) => x_THD.size(2) == size ? x_THD : x_THD.narrow(2, 0, size).contiguous();

    private static AttentionRows Rows(Tensor x_THD) => new(x_THD.Address(), x_THD.size(0) > 1 ? (int)x_THD.stride(0) : (int)(x_THD.size(1) * x_THD.size(2)));
}
