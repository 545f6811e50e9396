using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Attention;

/// <summary>One instance of a tiled kernel: what it was compiled for, and what of a multiprocessor it takes.</summary>
internal sealed record TileShape
{
    private const int BytesPerElement = 2;
    private const int SharedBytesReservedPerBlock = 1 << 10;
    private readonly string[] modules = new string[2];

    public TileShape(AttentionPass pass, int headSize, int queryRows, int keyRows, int warps, int split = 1, int stages = 1)
    {
        Pass = pass;
        HeadSize = headSize;
        QueryRows = queryRows;
        KeyRows = keyRows;
        Warps = warps;
        Split = split;
        Stages = stages;
        string kernel = pass switch { AttentionPass.Forward => "forward", AttentionPass.BackwardKeys => "backward_keys", _ => "backward_queries" };
        Entry = "attention_" + kernel;
        for (int element = 0; element < modules.Length; element++)
            modules[element] = $"sm_80/{Entry}_{((AttentionElement)element == AttentionElement.BFloat16 ? "bf16" : "f16")}_{headSize}_{queryRows}x{keyRows}";
    }

    /// <summary>Which kernel.</summary>
    public AttentionPass Pass { get; }

    /// <summary>Elements of a head.</summary>
    public int HeadSize { get; }

    /// <summary>Queries of a tile.</summary>
    public int QueryRows { get; }

    /// <summary>Keys of a tile.</summary>
    public int KeyRows { get; }

    /// <summary>Warps of a block.</summary>
    public int Warps { get; }

    /// <summary>Warps that share the same keys and halve their columns; backward by keys only.</summary>
    public int Split { get; }

    /// <summary>Buffers of queries; backward by keys only.</summary>
    public int Stages { get; }

    /// <summary>The kernel's name in its module.</summary>
    public string Entry { get; }

    /// <summary>Threads of a block.</summary>
    public int Threads => Warps * 32;

    /// <summary>Rows of a work item: of queries, or backward by keys, of keys.</summary>
    public int WorkRows => Pass == AttentionPass.BackwardKeys ? KeyRows : QueryRows;

    /// <summary>Dynamic shared memory of a block.</summary>
    public int SharedBytes => Pass switch
    {
        AttentionPass.Forward => (QueryRows + (2 * KeyRows)) * HeadSize * BytesPerElement,
        AttentionPass.BackwardKeys =>
            (2 * KeyRows * HeadSize * BytesPerElement)
            + (Stages * ((2 * QueryRows * HeadSize * BytesPerElement) + (2 * QueryRows * sizeof(float))))
            + (KeyRows * QueryRows * BytesPerElement * Split),
        _ => ((2 * QueryRows) + (4 * KeyRows)) * HeadSize * BytesPerElement,
    };

    /// <summary>Registers of a thread that hold sums and scores: the rest, some 50, is addresses and operands on their way.</summary>
    public int SumRegisters => Pass switch
    {
        AttentionPass.Forward => QueryRows * (HeadSize + KeyRows) / Threads,
        AttentionPass.BackwardKeys => 2 * KeyRows * (HeadSize + QueryRows) / Threads,
        _ => QueryRows * (HeadSize + (2 * KeyRows)) / Threads,
    };

    /// <summary>The embedded PTX of this instance.</summary>
    public string Module(AttentionElement element) => modules[(int)element];

    /// <summary>How many blocks of this shape a multiprocessor holds, by shared memory, threads and, at 255 registers a thread, registers.</summary>
    public int BlocksPerMultiprocessor(GpuArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        if (SharedBytes > architecture.SharedBytesPerBlock) return 0;
        const int registers = 256; // what 255 takes
        return Math.Min(
            architecture.SharedBytesPerMultiprocessor / (SharedBytes + SharedBytesReservedPerBlock),
            Math.Min(architecture.RegistersPerMultiprocessor / (Threads * registers), architecture.ThreadsPerMultiprocessor / Threads));
    }
}
