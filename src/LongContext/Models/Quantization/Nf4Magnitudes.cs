// Shape suffixes: B blocks, C blocks rounded up to whole groups, G groups of 256 blocks.
using LongContext.Cuda.Linear;
using LongContext.Kernels;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>
/// The magnitudes of NF4's blocks: in float32, or quantised themselves (Dettmers et al. 2023, arXiv:2305.14314, §3): their mean is taken
/// off, and each group of 256 is written in 8 bits against its largest magnitude.
/// </summary>
internal sealed class Nf4Magnitudes : IDisposable
{
    /// <summary>Blocks that share a magnitude of magnitudes.</summary>
    public const int GroupSize = 256;

    /// <summary>Codes that there are.</summary>
    public const int TableSize = 256;

    private readonly Tensor values;
    private readonly Tensor? groups_G;
    private readonly Tensor? table_256;
    private readonly double mean;

    private Nf4Magnitudes(Tensor values, Tensor? groups_G, Tensor? table_256, double mean)
    {
        this.values = values.DetachFromDisposeScope();
        this.groups_G = groups_G?.DetachFromDisposeScope();
        this.table_256 = table_256?.DetachFromDisposeScope();
        this.mean = mean;
    }

    /// <summary>Whether they are kept in 8 bits.</summary>
    public bool AreQuantized => groups_G is not null;

    /// <summary>Groups of blocks; 0 where they are not quantised.</summary>
    public long Groups => groups_G?.numel() ?? 0;

    /// <summary>What is added to what codes stand for.</summary>
    public double Mean => mean;

    public long ByteCount => (values.numel() * values.element_size()) + (groups_G is null ? 0 : groups_G.numel() * sizeof(float));

    /// <summary>Kept in float32.</summary>
    public static Nf4Magnitudes Plain(float[] magnitudes_B, Device device) => new(tensor(magnitudes_B).to(device), null, null, 0);

    /// <summary>Kept in 8 bits.</summary>
    public static Nf4Magnitudes Quantized(float[] magnitudes_B, Device device)
    {
        using var scope = NewDisposeScope();
        float mean = (float)(magnitudes_B.Length == 0 ? 0 : magnitudes_B.Average(value => (double)value));
        int groups = (magnitudes_B.Length + GroupSize - 1) / GroupSize;
        var codes = new byte[groups * GroupSize];
        var largest = new float[groups];
        for (int group = 0; group < groups; group++)
        {
            Span<float> part = magnitudes_B.AsSpan(group * GroupSize, Math.Min(GroupSize, magnitudes_B.Length - (group * GroupSize)));
            foreach (float value in part) largest[group] = MathF.Max(largest[group], MathF.Abs(value - mean));
            float inverse = largest[group] == 0 ? 0 : 1 / largest[group];
            for (int i = 0; i < part.Length; i++) codes[(group * GroupSize) + i] = DynamicCodebook.Nearest((part[i] - mean) * inverse);
        }

        return new(tensor(codes).to(device), tensor(largest).to(device), tensor(DynamicCodebook.Values).to(device), mean);
    }

    /// <summary>Codes as they are.</summary>
    /// <param name="codes_B">A code for each block.</param>
    /// <param name="largest_G">A magnitude for each group of <see cref="GroupSize"/>.</param>
    /// <param name="table_256">What codes stand for.</param>
    /// <param name="mean">What is added.</param>
    /// <param name="device">Where they go.</param>
    public static Nf4Magnitudes FromCodes(ReadOnlySpan<byte> codes_B, float[] largest_G, float[] table_256, double mean, Device device)
    {
        using var scope = NewDisposeScope();
        var codes = new byte[largest_G.Length * GroupSize];
        codes_B.CopyTo(codes);
        return new(tensor(codes).to(device), tensor(largest_G).to(device), tensor(table_256).to(device), mean);
    }

    /// <summary>So many blocks' magnitudes on the host, where they are not quantised.</summary>
    public float[] ToHost(long blocks) => ToHost<float>(values, blocks);

    /// <summary>So many blocks' codes on the host, where they are quantised; and what belongs to them.</summary>
    public byte[] CodesToHost(long blocks) => ToHost<byte>(values, blocks);

    /// <summary>The groups' magnitudes on the host.</summary>
    public float[] GroupsToHost() => ToHost<float>(groups_G!, Groups);

    /// <summary>What codes stand for, on the host.</summary>
    public float[] TableToHost() => ToHost<float>(table_256!, TableSize);

    /// <summary>Some blocks' magnitudes [count], float32.</summary>
    public Tensor Read(long first, long count)
    {
        if (groups_G is null) return values.narrow(0, first, count);
        long firstGroup = first / GroupSize, groups = ((first + count + GroupSize - 1) / GroupSize) - firstGroup;
        Tensor codes_C = values.narrow(0, firstGroup * GroupSize, groups * GroupSize).to(ScalarType.Int32);
        Tensor read = table_256!.index_select(0, codes_C).reshape(groups, GroupSize).mul_(groups_G.narrow(0, firstGroup, groups).unsqueeze(1));
        return read.AddInPlace(mean).reshape(-1).narrow(0, first - (firstGroup * GroupSize), count);
    }

    /// <summary>Some rows of the matrix, by the kernel that reads magnitudes as they lie; null where it does not run.</summary>
    /// <param name="codes_RP">The matrix's codes.</param>
    /// <param name="columns">Values of a row.</param>
    /// <param name="rows">First row and number of rows.</param>
    /// <param name="dataType">Type of the result.</param>
    public Tensor? DequantizeFused(Tensor codes_RP, long columns, (long First, long Count) rows, ScalarType dataType) =>
        FusedDequantization.Nf4(codes_RP, values, groups_G, table_256, mean, columns, rows, dataType);

    /// <summary>Where they lie, for a kernel that reads a weight's codes.</summary>
    public LinearWeight Describe(LinearWeight weight) => weight with
    {
        Scales = values.Address(), Groups = groups_G?.Address() ?? 0, Table = table_256?.Address() ?? 0, Mean = mean,
    };

    private static T[] ToHost<T>(Tensor from, long count)
        where T : unmanaged
    {
        using var scope = NewDisposeScope();
        T[] result = from.narrow(0, 0, count).cpu().contiguous().data<T>().ToArray();
        GC.KeepAlive(from);
        return result;
    }

    public void Dispose()
    {
        values.Dispose();
        groups_G?.Dispose();
        table_256?.Dispose();
    }
}
