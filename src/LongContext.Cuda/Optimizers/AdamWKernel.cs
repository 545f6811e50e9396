using LongContext.Cuda.Driver;
using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Optimizers;

/// <summary>Launches AdamW with float32 state. Allocates nothing after the first call.</summary>
internal sealed class AdamWKernel
{
    /// <summary>Values of a thread, as in the kernel.</summary>
    private const int ValuesOfThread = 8;

    private readonly CudaContext context;
    private readonly KernelTable kernels;

    /// <param name="context">The GPU.</param>
    /// <param name="plain">Whether the plain, slow kernel runs: for tests.</param>
    public AdamWKernel(CudaContext context, bool plain = false)
    {
        this.context = context;
        Plain = plain;
        kernels = new KernelTable(context, 2 * ElementTypes.Count, index =>
        {
            string type = ((ElementType)(index / 2)).Suffix();
            return plain ? ($"adamw_reference_{type}", "adamw_reference") : ($"adamw_{type}", index % 2 == 0 ? "adamw" : "adamw_any");
        });
    }

    /// <summary>Whether the plain, slow kernel runs.</summary>
    public bool Plain { get; }

    /// <summary>Puts one update on a stream.</summary>
    /// <param name="weights">What is updated.</param>
    /// <param name="mean">[count] float32.</param>
    /// <param name="square">[count] float32.</param>
    /// <param name="constants">The update's numbers.</param>
    /// <param name="stream">The stream.</param>
    /// <exception cref="ArgumentException">A size or an address that cannot be.</exception>
    public void Step(in UpdatedWeights weights, nint mean, nint square, in AdamWConstants constants, nint stream)
    {
        weights.Check();
        if (weights.Count == 0) return;
        LaunchGuard.Address(mean, sizeof(float));
        LaunchGuard.Address(square, sizeof(float));
        bool aligned = weights.IsAligned && ((mean | square) & (ElementTypes.ChunkBytes - 1)) == 0;
        LaunchShape shape = Plain ? Grids.Covering(weights.Count, Grids.PlainBlockSize)
            : Grids.Walking(Grids.Ceiling(weights.Count, Grids.BlockSize * (aligned ? ValuesOfThread : 1)), Grids.BlockSize, context.Architecture);
        kernels[((int)weights.Type * 2) + (aligned ? 0 : 1)].Launch(shape, stream, new AdamWParameters
        {
            Weight = weights.Weight, Master = weights.Master, Gradient = weights.Gradient, Mean = mean, Square = square,
            Count = weights.Count, Start = weights.Start, Key = weights.RoundingKey ?? 0, Constants = constants,
            FloatGradient = weights.GradientType == ElementType.Float32 ? 1 : 0, Stochastic = weights.RoundingKey is null ? 0 : 1,
        });
    }

    /// <summary>Bytes of one update: weights, master and gradient, and two states each way.</summary>
    public static long Traffic(in UpdatedWeights weights) => weights.Traffic + (4L * sizeof(float) * weights.Count);
}
