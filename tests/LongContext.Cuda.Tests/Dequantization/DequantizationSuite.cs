using LongContext.Cuda.Dequantization;
using LongContext.Cuda.Pointwise;
using LongContext.Cuda.Tests.Pointwise;

namespace LongContext.Cuda.Tests.Dequantization;

public abstract class DequantizationSuite
{
    /// <summary>The values of 4-bit NormalFloat, as the host has them.</summary>
    private static readonly float[] Codebook =
    [
        -1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f,
        -0.28444138169288635f, -0.18477343022823334f, -0.09105003625154495f, 0.0f,
        0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f,
        0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f,
    ];

    protected abstract KernelHost Host { get; }

    public static TheoryData<string, int, int> Shapes()
    {
        var data = new TheoryData<string, int, int>();
        foreach (string type in Enum.GetNames<ElementType>())
        {
            foreach ((int rows, int columns) in new[] { (1, 1), (7, 7), (65, 63), (3, 64), (5, 65), (129, 128), (3, 1000), (9, 4096), (2, 4097) }) data.Add(type, rows, columns);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Nf4_AnyShape_HasTheHostsBits(string typeName, int rows, int columns)
    {
        ElementType type = Enum.Parse<ElementType>(typeName);
        foreach ((bool twice, int firstRow, bool plain) in new[] { (false, 0, false), (true, 0, false), (true, 5, false), (false, 3, true), (true, 0, true) }) CheckNf4(type, rows, columns, twice, firstRow, plain);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EightBit_AnyShape_HasTheHostsBits(string typeName, int rows, int columns)
    {
        ElementType type = Enum.Parse<ElementType>(typeName);
        foreach ((bool plain, int offset) in new[] { (false, 0), (true, 0), (false, 1) })
        {
            var random = new Random(1);
            var codes = new byte[rows * columns];
            random.NextBytes(codes);
            float[] factors = [.. Enumerable.Range(0, rows).Select(_ => random.NextSingle() / 50)];
            using DeviceValues<byte> there = new(Host.Context, codes, offset);
            using DeviceValues<float> scales = new(Host.Context, factors);
            using DeviceTensor values = new(Host.Context, type, rows, columns);
            new DequantizationKernel(Host.Context, plain).EightBit(
                new EightBitArguments { Type = type, Rows = rows, Columns = columns, Codes = there.Address, Factors = scales.Address, Values = values.Address }, 0);
            Expect.Same([.. codes.Select((code, i) => Elements.Round(type, (sbyte)code * factors[i / columns]))], values.Get(), $"values of {type}");
        }
    }

    [Fact]
    public void NoRows_LaunchesNothing()
    {
        _ = Host.Reports();
        var kernel = new DequantizationKernel(Host.Context);
        kernel.Nf4(new Nf4Arguments { Type = ElementType.BFloat16, Rows = 0, Columns = 64, Codes = 0, Magnitudes = 0, Values = 0 }, 0);
        kernel.EightBit(new EightBitArguments { Type = ElementType.BFloat16, Rows = 0, Columns = 64, Codes = 0, Factors = 0, Values = 0 }, 0);
        Assert.Empty(Host.Reports());
    }

    [Theory]
    [InlineData("BFloat16")]
    [InlineData("Float16")]
    [InlineData("Float32")]
    public void Traffic_AlignedShape_IsTheFormula(string typeName)
    {
        Assert.SkipUnless(Host.Counts, "a real GPU does not count");
        ElementType type = Enum.Parse<ElementType>(typeName);
        const int rows = 32, columns = 4096;
        using DeviceValues<byte> codes = new(Host.Context, new byte[rows * columns]);
        using DeviceValues<float> scales = new(Host.Context, new float[rows * columns / 64]);
        using DeviceTensor values = new(Host.Context, type, rows, columns);
        _ = Host.Reports();
        var kernel = new DequantizationKernel(Host.Context);
        kernel.Nf4(new Nf4Arguments { Type = type, Rows = rows, Columns = columns, Codes = codes.Address, Magnitudes = scales.Address, Values = values.Address }, 0);
        // A warp's chunks have 256 (or 128) values, of whose 4 (or 2) magnitudes it asks for a sector of 8.
        long blocks = rows * columns / 64, asked = rows * columns / (32L * type.Lanes()) * 32;
        Expect.Traffic(Assert.Single(Host.Reports()), DequantizationKernel.Nf4Traffic(type, rows, columns, false), asked - (blocks * sizeof(float)));
        kernel.EightBit(new EightBitArguments { Type = type, Rows = rows, Columns = columns, Codes = codes.Address, Factors = scales.Address, Values = values.Address }, 0);
        Expect.Traffic(Assert.Single(Host.Reports()), DequantizationKernel.EightBitTraffic(type, rows, columns), rows * 8 * 32 * 4096L / columns);
    }

    [Fact]
    public void Nf4_WrongArguments_AreNamed()
    {
        using DeviceValues<float> some = new(Host.Context, new float[64]);
        var good = new Nf4Arguments { Type = ElementType.BFloat16, Rows = 1, Columns = 64, Codes = some.Address, Magnitudes = some.Address, Values = some.Address };
        var kernel = new DequantizationKernel(Host.Context);
        Assert.Contains("Table", Assert.ThrowsAny<ArgumentException>(() => kernel.Nf4(good with { Groups = some.Address }, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("Values", Assert.ThrowsAny<ArgumentException>(() => kernel.Nf4(good with { Values = 0 }, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("Columns", Assert.ThrowsAny<ArgumentException>(() => kernel.Nf4(good with { Columns = 0 }, 0)).Message, StringComparison.Ordinal);
    }

    private void CheckNf4(ElementType type, int rows, int columns, bool twice, int firstRow, bool plain)
    {
        var random = new Random(1);
        int bytes = (columns + 1) / 2, blocks = (columns + 63) / 64, all = (rows + firstRow) * blocks;
        var codes = new byte[rows * bytes];
        random.NextBytes(codes);
        float[] magnitudes = [.. Enumerable.Range(0, all).Select(_ => random.NextSingle())], groups = [.. Enumerable.Range(0, (all + 255) / 256).Select(_ => random.NextSingle())];
        float[] table = [.. Enumerable.Range(0, 256).Select(i => (i - 127) / 128f)];
        var magnitudeCodes = new byte[groups.Length * 256];
        random.NextBytes(magnitudeCodes);
        const float mean = 0.7f;
        using DeviceValues<byte> there = new(Host.Context, codes), eightBits = new(Host.Context, magnitudeCodes);
        using DeviceValues<float> floats = new(Host.Context, magnitudes), groupsThere = new(Host.Context, groups), tableThere = new(Host.Context, table);
        using DeviceTensor values = new(Host.Context, type, rows, columns);
        new DequantizationKernel(Host.Context, plain).Nf4(
            new Nf4Arguments
            {
                Type = type, Rows = rows, Columns = columns, Codes = there.Address, FirstRow = firstRow, Magnitudes = twice ? eightBits.Address : floats.Address,
                Groups = twice ? groupsThere.Address : 0, Table = twice ? tableThere.Address : 0, Mean = twice ? mean : 0, Values = values.Address,
            },
            0);
        var wanted = new double[rows * columns];
        for (int i = 0; i < wanted.Length; i++)
        {
            int row = i / columns, column = i % columns, block = ((row + firstRow) * blocks) + (column / 64), both = codes[(row * bytes) + (column / 2)];
            float magnitude = twice ? (table[magnitudeCodes[block]] * groups[block / 256]) + mean : magnitudes[block];
            wanted[i] = Elements.Round(type, Codebook[column % 2 == 0 ? both >> 4 : both & 15] * magnitude);
        }

        Expect.Same(wanted, values.Get(), $"values of {type}");
    }
}
