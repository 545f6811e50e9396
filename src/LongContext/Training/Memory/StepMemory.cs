using LongContext.Attention;
using LongContext.Cuda.Attention;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Normalization;
using LongContext.Cuda.Pointwise;
using LongContext.Kernels;
using LongContext.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Training.Memory;

/// <summary>
/// Bytes of activations and workspace in a step of <see cref="Backpropagation.LayerwiseBackpropagation"/>, moment by moment: what is alive
/// there, written down in the order of its code. A pack of one document; more documents take less.
/// </summary>
internal sealed class StepMemory
{
    private const double HeapSlack = 1.4;
    private const long HeapBlockBytes = 32L << 20;

    /// <summary>More than any machine has, and little enough that sums over layers stay numbers.</summary>
    private const long MostBytes = 1L << 50;

    private readonly DecoderShape shape;
    private readonly ActivationPolicy policy;
    private readonly bool onGpu;

    /// <summary>Whether attention runs in the tiled kernels, and what is bound by memory in the fused ones, as is chosen by default on a GPU.</summary>
    private readonly bool tiled;
    private readonly bool fused;
    private readonly long tokens;
    private readonly long tile;
    private readonly long size;
    private readonly long heads;
    private readonly long keys;
    private readonly long matrix;
    private readonly long head;

    /// <param name="shape">The model.</param>
    /// <param name="policy">What is kept.</param>
    /// <param name="dataType">Of the hidden states.</param>
    /// <param name="onGpu">Whether the model lies on a GPU.</param>
    /// <param name="tokens">Of the pack.</param>
    /// <param name="weights">What matrices take while they are used; null where they are used as they are.</param>
    public StepMemory(DecoderShape shape, ActivationPolicy policy, ScalarType dataType, bool onGpu, long tokens, WeightMemory? weights = null)
    {
        this.shape = shape;
        this.policy = policy;
        this.onGpu = onGpu;
        tiled = onGpu && CudaAttentionKernel.RunsOnGpus(dataType, shape.HeadDimension);
        fused = onGpu && FusedKernels.RunOnGpus(dataType);
        this.tokens = tokens;
        tile = Math.Min(tokens, policy.TileTokens ?? (onGpu ? Tiling.DeviceTokens : Tiling.HostTokens));
        size = dataType.ElementSize();
        matrix = weights is null ? 0 : Resident(weights.Dequantized) + weights.InLayers.Bytes(tile, Resident);
        head = weights is null ? 0 : weights.InHead.Bytes(HeadRows, Resident);
        int share = policy.KeyValueHeadsAtATime is { } atATime && shape.QueryKeyNorm != QueryKeyNorm.AllHeads ? Math.Min(atATime, shape.KeyValueHeadCount) : shape.KeyValueHeadCount;
        keys = (long)share * shape.HeadDimension;
        heads = keys * (shape.HeadCount / shape.KeyValueHeadCount);
        HeadsWalked = share < shape.KeyValueHeadCount;
    }

    /// <summary>The longest pack whose hidden states lie in the C library's heap, with holes beside them; 0 on a GPU.</summary>
    public static int LongestInHeap(DecoderShape shape, ScalarType dataType, bool onGpu) =>
        onGpu ? 0 : (int)((HeapBlockBytes - 1) / (shape.HiddenSize * dataType.ElementSize()));

    /// <summary>Bytes of layers' inputs that wait in the host's memory.</summary>
    public long HostKept => policy.OnHost && onGpu ? KeptLayers * Row(shape.HiddenSize) : 0;

    /// <summary>Bytes kept on the device between forward and backward.</summary>
    public long DeviceKept
    {
        get
        {
            long inputs = policy.OnHost && onGpu ? 0 : KeptLayers * Row(shape.HiddenSize);
            return inputs + policy.Recompute switch
            {
                Recomputation.Nothing => shape.LayerCount * (AttentionKept + Row(shape.HiddenSize) + (2 * Row(shape.IntermediateSize))),
                Recomputation.Mlp => shape.LayerCount * AttentionKept,
                _ => 0,
            };
        }
    }

    /// <summary>The moments of a step, each with what is alive beside weights, gradients and what is kept.</summary>
    public IEnumerable<(string Moment, long Bytes)> Moments
    {
        get
        {
            long x = Row(shape.HiddenSize), whole = AllHeads, segment = policy.EveryNthLayer > 1 || (policy.OnHost && onGpu) ? Math.Min(policy.EveryNthLayer, shape.LayerCount) * x : 0;
            long attentionAgain = policy.Recompute != Recomputation.Layer && !HeadsWalked ? 0 : HeadsWalked ? whole : AttentionKept;
            yield return ("in the head", WithSlack(2 * x, HeadWork, HeadRows * shape.VocabularySize * size) + head);
            yield return ("in the backward of the MLP", WithSlack(segment + x + attentionAgain + whole, MlpWork, Tile(shape.IntermediateSize)) + matrix);
            yield return ("in the backward of attention", WithSlack(segment + x + attentionAgain + whole + (HeadsWalked ? AttentionKept : 0) + AttentionBackward, 0));
            yield return ("in the backward of the projections", WithSlack(segment + x + (HeadsWalked ? 2 * whole : 0) + Gradients, ProjectionWork, Tile(Math.Max(heads, shape.HiddenSize))) + matrix);
            yield return ("in the forward of attention", WithSlack(x + AttentionForward, 0));
            yield return ("in the forward of the MLP", WithSlack((2 * x) + whole, ForwardWork, Tile(shape.IntermediateSize)) + matrix);
        }
    }

    /// <summary>
    /// Bytes resident for tensors over all tokens and over a tile. On the CPU the C library's heap holds blocks below its largest threshold
    /// for memory maps (32 MB in glibc) and keeps holes between them: measured 0.75 to 1.9 times what is alive, more where steps follow each other.
    /// </summary>
    /// <param name="rows">Over all tokens.</param>
    /// <param name="tiles">Over a tile.</param>
    /// <param name="widest">The widest tensor of the tile.</param>
    private long WithSlack(long rows, long tiles, long widest = 0)
    {
        if (onGpu) return rows + tiles;
        bool inHeap = Row(shape.HiddenSize) < HeapBlockBytes;
        return rows + (long)(inHeap ? HeapSlack * rows : 0) + (widest == 0 ? tiles : (long)((double)Resident(widest) / widest * tiles));
    }

    /// <summary>
    /// A tensor beside others of its kind: with its holes in the heap, or mapped for itself, as are those of 32 MB and more. More tokens never take less.
    /// </summary>
    private long Resident(long bytes) => onGpu ? bytes : Math.Max(bytes, (long)((1 + HeapSlack) * Math.Min(bytes, HeapBlockBytes)));

    private bool HeadsWalked { get; }

    private long KeptLayers => (shape.LayerCount + policy.EveryNthLayer - 1) / policy.EveryNthLayer;

    private long AllHeads => Row((long)shape.HeadCount * shape.HeadDimension);

    /// <summary>Queries, keys, values, the output (libtorch's in two layouts), its log-sum-exp.</summary>
    private long AttentionKept => Row(heads + (2 * keys) + (tiled ? heads : 2 * heads)) + LogSumExp + Masks;

    /// <summary>float32 for each query and head.</summary>
    private long LogSumExp => tokens * (heads / shape.HeadDimension) * 4;

    private long AttentionForward => AttentionKept + (HeadsWalked ? AllHeads : 0) + QuadraticWork;

    /// <summary>The gradient in libtorch's layout, and those of queries, keys and values.</summary>
    private long AttentionBackward => tiled ? Row(heads + (2 * keys)) + TiledWorkspace : Row(heads + heads + (2 * keys)) + QuadraticWork;

    /// <summary>What <see cref="Cuda.Attention.AttentionBackward.WorkspaceBytes"/> asks for: delta, log-sum-exp, and in whole tiles the sums of the queries' gradient in float32.</summary>
    internal long TiledWorkspace
    {
        get
        {
            // The larger tile of the two paths: which one runs is the GPU's matter.
            int rows = TileChoice.Of(Cuda.Attention.AttentionPass.BackwardKeys, shape.HeadDimension, GpuArchitecture.H100).QueryRows;
            rows = Math.Max(rows, HopperTiles.Of(Cuda.Attention.AttentionPass.BackwardKeys, shape.HeadDimension, GpuArchitecture.H100)?.QueryRows ?? 0);
            return (2 * LogSumExp) + (((tokens / rows) + 1) * rows * heads * 4); // a tile more than whole ones, for the document that ends within one
        }
    }

    private long Gradients => Row(heads + (2 * keys));

    /// <summary>
    /// Gate, up, the activated gate, their product and its gradient, the gate's gradient; and rows of the hidden size. Fused: gate, up, the
    /// product and its gradient, over which the others are written, or beside its gradient both in one tensor.
    /// </summary>
    private long MlpWork => Tile(((!fused ? 6L : shape.FusedProjections ? 5 : 4) * shape.IntermediateSize) + (5L * shape.HiddenSize)) + NormWork;

    /// <summary>Gate, up, their product; and rows of the hidden size.</summary>
    private long ForwardWork => Tile((3L * shape.IntermediateSize) + (4L * shape.HiddenSize)) + NormWork;

    private long ProjectionWork => Tile((3 * heads) + (3 * keys) + (3L * shape.HiddenSize)) + NormWork;

    /// <summary>Norms of half types run in float32; fused they need the sums of the weight's gradient alone.</summary>
    private long NormWork => fused ? NormSums : tile * 4L * shape.HiddenSize * Math.Max(4, size);

    private long NormSums => RmsNormKernel.WorkspaceBytes(
        new RmsNormShape { Type = ElementType.BFloat16, WeightType = ElementType.Float32, Rows = (int)tile, Columns = shape.HiddenSize, Epsilon = 0 }, GpuArchitecture.H100);

    /// <summary>A chunk's logits in the weights' type and, of half types, in float32, with the gradient in the weights' type again; fused the first alone.</summary>
    private long HeadWork => HeadRows * shape.VocabularySize * (size < 4 && !fused ? 4 + size + size : size);

    private long HeadRows => HeadChunk.Rows(shape.VocabularySize, onGpu, tokens);

    /// <summary>Where a layer has a window: for each token and the keys of its block, visible or not and the mask that libtorch adds.</summary>
    private long Masks => !tiled && shape.Layers.Max(layer => layer.SlidingWindow) is { } window
        ? tokens * Math.Min(tokens, window + (long)Math.Max(window, LibtorchAttentionKernel.WindowBlock)) * (1 + size) : 0;

    /// <summary>Scores of all heads, where a soft cap keeps attention from libtorch's fused kernels.</summary>
    private long QuadraticWork => tiled || shape.AttentionSoftCap is null ? 0 : Pairs(4 * (heads / shape.HeadDimension) * size);

    private long Pairs(long bytes) => (long)Math.Min(MostBytes, (double)tokens * tokens * bytes);

    private long Row(long elements) => tokens * elements * size;

    private long Tile(long elements) => tile * elements * size;
}
