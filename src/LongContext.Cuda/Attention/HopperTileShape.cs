using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Attention;

/// <summary>One instance of a kernel of the Hopper path; the numbers are those of hopper_key_layout.cuh and hopper_backward_layout.cuh.</summary>
internal sealed record HopperTileShape : TileShape
{
    private const int Warpgroup = 128, RowsOfConsumer = 64, BytesPerElement = 2, KeyStages = 2, BarrierBytes = 8;

    private HopperTileShape(AttentionPass pass, int headSize, int queryRows, int keyRows, int consumers, int chunk, int queryStages)
        : base(pass, headSize, queryRows, keyRows, (1 + consumers) * 4, stages: queryStages, path: AttentionPath.Hopper)
    {
        Consumers = consumers;
        Chunk = chunk;
    }

    /// <summary>Warpgroups that compute, 64 rows each: of queries forward, of keys backward.</summary>
    public int Consumers { get; }

    /// <summary>Columns that lie together in shared memory: the widest of 64, 32 and 16 that divide a head, so that swizzled rows are 128, 64 or 32 bytes.</summary>
    public int Chunk { get; }

    /// <summary>Registers of a thread that brings tiles, once it has given the others away.</summary>
    public int ProducerRegisters => Consumers != 2 ? 32 : Pass == AttentionPass.BackwardKeys ? 24 : 40;

    /// <summary>Registers of a thread that computes.</summary>
    public int ConsumerRegisters => Consumers != 2 ? 160 : Pass == AttentionPass.BackwardKeys ? 240 : 232;

    /// <inheritdoc />
    public override int SharedBytes => Pass == AttentionPass.BackwardKeys ? BackwardSharedBytes : KeyWalkSharedBytes;

    /// <summary>Registers of a computing thread that products and their packed left operands take at the most crowded moment.</summary>
    public override int SumRegisters => RowsOfConsumer * Pass switch
    {
        AttentionPass.Forward => HeadSize + KeyRows + (KeyRows / 2), // output, scores, packed weights
        AttentionPass.BackwardKeys => (2 * HeadSize) + (2 * QueryRows) + (QueryRows == 64 ? QueryRows / 2 : 0), // ∂k, ∂v, scores, ∂w, packed weights
        _ => HeadSize + (2 * KeyRows), // ∂q, scores, ∂w
    } / Warpgroup;

    private int KeyWalkSharedBytes =>
        (Stages * (Pass == AttentionPass.Forward ? 1 : 2) * QueryRows * HeadSize * BytesPerElement)
        + (2 * KeyStages * KeyRows * HeadSize * BytesPerElement)
        + (Stages * Consumers * (32 + (2 * BarrierBytes)))
        + (((4 * KeyStages) + 1) * BarrierBytes);

    private int BackwardSharedBytes =>
        (2 * KeyRows * HeadSize * BytesPerElement)
        + (2 * Stages * QueryRows * HeadSize * BytesPerElement)
        + (2 * KeyRows * QueryRows * BytesPerElement)
        + (QueryRows * HeadSize * sizeof(float))
        + (2 * Stages * QueryRows * sizeof(float))
        + (2 * (48 + (2 * BarrierBytes)))
        + ((3 + (5 * Stages)) * BarrierBytes);

    /// <summary>An instance of the forward kernel.</summary>
    public static HopperTileShape Forward(int headSize, int keyRows, int consumers, int queryStages) =>
        new(AttentionPass.Forward, headSize, consumers * RowsOfConsumer, keyRows, consumers, WidestChunk(headSize), queryStages);

    /// <summary>An instance of the backward kernel by keys.</summary>
    public static HopperTileShape BackwardKeys(int headSize, int queryRows) => new(AttentionPass.BackwardKeys, headSize, queryRows, 2 * RowsOfConsumer, 2, 64, 2);

    /// <summary>An instance of the backward kernel by queries.</summary>
    public static HopperTileShape BackwardQueries(int headSize, int keyRows, int queryStages) =>
        new(AttentionPass.BackwardQueries, headSize, 2 * RowsOfConsumer, keyRows, 2, WidestChunk(headSize), queryStages);

    /// <summary>One, where the shared memory suffices and the GPU is of the Hopper architecture: a block takes all registers.</summary>
    public override int BlocksPerMultiprocessor(GpuArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return architecture.IsHopper && SharedBytes <= architecture.SharedBytesPerBlock ? 1 : 0;
    }

    private static int WidestChunk(int headSize) => headSize % 64 == 0 ? 64 : headSize % 32 == 0 ? 32 : 16;
}
