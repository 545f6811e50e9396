using LongContext.Cuda.Pointwise;
using LongContext.Cuda.Rows;
using LongContext.Cuda.Tests.Pointwise;

namespace LongContext.Cuda.Tests.Rows;

public abstract class RowsSuite
{
    protected abstract KernelHost Host { get; }

    public static TheoryData<string, int, int, int> Shapes()
    {
        var data = new TheoryData<string, int, int, int>();
        foreach (string type in Enum.GetNames<ElementType>())
        {
            foreach ((int columns, int stride, int offset) in new[] { (1, 1, 0), (64, 64, 0), (64, 72, 8), (63, 64, 0), (64, 65, 1), (8200, 8200, 0) }) data.Add(type, columns, stride, offset);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Gather_AnyShape_IsTheRowsTimesTheFactor(string typeName, int columns, int stride, int offset)
    {
        ElementType type = Enum.Parse<ElementType>(typeName);
        int[] indices = [3, 0, -1, 4, 5, 3, int.MinValue, int.MaxValue]; // the table has five rows
        double[] table = Expect.Rounded(type, Expect.Normal(5 * columns, 1));
        foreach ((double scale, bool plain) in new[] { (1.0, false), (Math.Sqrt(2304), false), (Math.Sqrt(2304), true), (1.0, true) })
        {
            using DeviceTensor there = DeviceTensor.Of(Host.Context, type, table, columns, stride, offset), result = new(Host.Context, type, indices.Length, columns, stride, offset);
            using DeviceValues<int> indicesThere = new(Host.Context, indices);
            new GatherKernel(Host.Context, plain).Run(
                new GatherArguments { Type = type, Rows = indices.Length, Columns = columns, Indices = indicesThere.Address, Table = there.Rows, TableRows = 5, Result = result.Rows, Scale = scale }, 0);
            float factor = (float)Elements.Round(type, scale);
            double[] wanted = [.. indices.SelectMany(index => Enumerable.Range(0, columns).Select(i => index is >= 0 and < 5 ? Elements.Round(type, (float)table[(index * columns) + i] * factor) : 0))];
            Expect.Same(wanted, result.Get(), "rows");
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void SoftCap_AnyShape_IsItsDefinition(string typeName, int columns, int stride, int offset)
    {
        ElementType type = Enum.Parse<ElementType>(typeName);
        double[] values = Expect.Rounded(type, Expect.Normal(2 * columns, 1, 20));
        values[0] = 0;
        foreach ((double? cap, double scale, bool plain) in new[] { (30.0, 1.0, false), (30.0, 0.25, false), ((double?)null, 0.25, false), (30.0, 0.25, true), (null, 3.0, true) })
        {
            using DeviceTensor there = DeviceTensor.Of(Host.Context, type, values, columns, stride, offset);
            new SoftCapKernel(Host.Context, plain).Run(new SoftCapArguments { Type = type, Rows = 2, Columns = columns, Values = there.Rows, SoftCap = cap, Scale = scale }, 0);
            Expect.Rounded(
                type, there.Get(), i => cap is { } c ? c * Math.Tanh(values[i] * scale / c) : values[i] * scale,
                i => (Math.Abs(cap is { } c ? c * Math.Tanh(values[i] * scale / c) : values[i] * scale) * 16 * Expect.Single) + (plain ? 1e-5 : 0), "values");
        }
    }

    [Theory]
    [InlineData("BFloat16")]
    [InlineData("Float32")]
    public void Traffic_AlignedShape_IsTheFormula(string typeName)
    {
        Assert.SkipUnless(Host.Counts, "a real GPU does not count");
        ElementType type = Enum.Parse<ElementType>(typeName);
        const int rows = 16, columns = 4096;
        using DeviceTensor table = DeviceTensor.Of(Host.Context, type, Expect.Normal(rows * columns, 1), columns), result = new(Host.Context, type, rows, columns);
        using DeviceValues<int> indices = new(Host.Context, [.. Enumerable.Range(0, rows).Reverse()]);
        _ = Host.Reports();
        new GatherKernel(Host.Context).Run(
            new GatherArguments { Type = type, Rows = rows, Columns = columns, Indices = indices.Address, Table = table.Rows, TableRows = rows, Result = result.Rows }, 0);
        // A warp asks for its row's index with each chunk.
        Expect.Traffic(Assert.Single(Host.Reports()), GatherKernel.Traffic(type, rows, columns), rows * (columns / type.Lanes() / 32) * 32L);
        new SoftCapKernel(Host.Context).Run(new SoftCapArguments { Type = type, Rows = rows, Columns = columns, Values = result.Rows, SoftCap = 30 }, 0);
        Expect.Traffic(Assert.Single(Host.Reports()), SoftCapKernel.Traffic(type, rows, columns));
    }

    [Fact]
    public void WrongArguments_AreNamed()
    {
        using DeviceTensor some = DeviceTensor.Of(Host.Context, ElementType.Float32, new double[64], 32);
        var gather = new GatherArguments { Type = ElementType.Float32, Rows = 1, Columns = 32, Indices = some.Address, Table = some.Rows, TableRows = 2, Result = some.Rows };
        Assert.Contains("Indices", Assert.ThrowsAny<ArgumentException>(() => new GatherKernel(Host.Context).Run(gather with { Indices = 0 }, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("Table", Assert.ThrowsAny<ArgumentException>(() => new GatherKernel(Host.Context).Run(gather with { Columns = 33 }, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("Scale", Assert.ThrowsAny<ArgumentException>(() => new GatherKernel(Host.Context).Run(gather with { Scale = double.NaN }, 0)).Message, StringComparison.Ordinal);
        var cap = new SoftCapArguments { Type = ElementType.Float32, Rows = 1, Columns = 32, Values = some.Rows, SoftCap = 0 };
        Assert.Contains("SoftCap", Assert.ThrowsAny<ArgumentException>(() => new SoftCapKernel(Host.Context).Run(cap, 0)).Message, StringComparison.Ordinal);
        _ = Host.Reports();
        new GatherKernel(Host.Context).Run(gather with { Rows = 0 }, 0);
        new SoftCapKernel(Host.Context).Run(cap with { Rows = 0, SoftCap = 1 }, 0);
        Assert.Empty(Host.Reports());
    }
}
