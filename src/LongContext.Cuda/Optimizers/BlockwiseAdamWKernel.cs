using LongContext.Cuda.Driver;
using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Optimizers;

/// <summary>Launches AdamW over 8-bit state. Weights, scales and codes have the bits of the host's kernel. Allocates nothing after the first call.</summary>
internal sealed class BlockwiseAdamWKernel
{
    private readonly CudaContext context;
    private readonly KernelTable kernels;

    /// <param name="context">The GPU.</param>
    /// <param name="plain">Whether the plain, slow kernel runs: for tests.</param>
    public BlockwiseAdamWKernel(CudaContext context, bool plain = false)
    {
        this.context = context;
        Plain = plain;
        kernels = new KernelTable(context, 2 * ElementTypes.Count, index =>
        {
            string type = ((ElementType)(index / 2)).Suffix();
            return plain ? ($"adamw_reference_{type}", "adamw_blockwise_reference")
                : ($"adamw_blockwise_{type}", index % 2 == 0 ? "adamw_blockwise" : "adamw_blockwise_any");
        });
    }

    /// <summary>Whether the plain, slow kernel runs.</summary>
    public bool Plain { get; }

    /// <summary>Puts one update on a stream. The first value begins a block.</summary>
    /// <exception cref="ArgumentException">A size or an address that cannot be.</exception>
    public void Step(in UpdatedWeights weights, in BlockwiseState state, in AdamWConstants constants, nint stream)
    {
        weights.Check();
        if (weights.Start % BlockwiseState.BlockSize != 0)
            LaunchGuard.Throw($"Start is {weights.Start}; it must begin a block of {BlockwiseState.BlockSize}.", nameof(weights.Start));
        if (weights.Count == 0) return;
        LaunchGuard.Address(state.MeanCodes, 1);
        LaunchGuard.Address(state.SquareCodes, 1);
        LaunchGuard.Address(state.MeanScales, sizeof(float));
        LaunchGuard.Address(state.SquareScales, sizeof(float));
        LaunchGuard.Address(state.Tables, sizeof(float));
        bool aligned = weights.IsAligned && ((state.MeanCodes | state.SquareCodes) & 3) == 0;
        long blocks = Grids.Ceiling(weights.Count, BlockwiseState.BlockSize);
        LaunchShape shape = Plain ? Grids.Covering(blocks, Grids.PlainBlockSize)
            : Grids.Walking(Grids.Ceiling(blocks, Grids.BlockSize / 32), Grids.BlockSize, context.Architecture);
        kernels[((int)weights.Type * 2) + (aligned ? 0 : 1)].Launch(shape, stream, new BlockwiseAdamWParameters
        {
            Weight = weights.Weight, Master = weights.Master, Gradient = weights.Gradient,
            MeanCodes = state.MeanCodes, SquareCodes = state.SquareCodes, MeanScales = state.MeanScales, SquareScales = state.SquareScales, Tables = state.Tables,
            Count = weights.Count, Start = weights.Start, Key = weights.RoundingKey ?? 0, Constants = constants,
            FloatGradient = weights.GradientType == ElementType.Float32 ? 1 : 0, Stochastic = weights.RoundingKey is null ? 0 : 1,
        });
    }

    /// <summary>Bytes of one update: weights, master and gradient, and codes and scales each way.</summary>
    public static long Traffic(in UpdatedWeights weights) =>
        weights.Traffic + (4 * weights.Count) + (4L * sizeof(float) * Grids.Ceiling(weights.Count, BlockwiseState.BlockSize));
}
