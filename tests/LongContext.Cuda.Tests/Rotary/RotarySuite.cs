using LongContext.Cuda.Pointwise;
using LongContext.Cuda.Rotary;
using LongContext.Cuda.Tests.Pointwise;

namespace LongContext.Cuda.Tests.Rotary;

public abstract class RotarySuite
{
    protected abstract KernelHost Host { get; }

    /// <summary>Types, heads, key heads, size, rotated.</summary>
    public static TheoryData<string, string, int, int, int, int> Shapes()
    {
        var data = new TheoryData<string, string, int, int, int, int>();
        foreach ((string type, string table) in new[] { ("BFloat16", "BFloat16"), ("BFloat16", "Float32"), ("Float16", "Float16"), ("Float16", "Float32"), ("Float32", "Float32") })
        {
            data.Add(type, table, 4, 2, 64, 64);
            data.Add(type, table, 5, 1, 80, 80);
            data.Add(type, table, 3, 2, 80, 32);
            data.Add(type, table, 8, 2, 128, 128);
            data.Add(type, table, 1, 0, 96, 48);
            data.Add(type, table, 2, 2, 20, 10);
            data.Add(type, table, 1, 1, 7, 2);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Rotate_AnyShape_FollowsTheDefinition(string typeName, string tableName, int heads, int keyHeads, int size, int rotated)
    {
        (ElementType type, ElementType table) = (Enum.Parse<ElementType>(typeName), Enum.Parse<ElementType>(tableName));
        foreach (int tokens in new[] { 1, 7, 65 })
        {
            Check(type, table, tokens, heads, keyHeads, size, rotated, Mode.InPlace, positions: false, backward: false);
            Check(type, table, tokens, heads, keyHeads, size, rotated, Mode.Fused, positions: true, backward: true);
            Check(type, table, tokens, heads, keyHeads, size, rotated, Mode.Apart, positions: true, backward: false);
        }

        Check(type, table, 65, heads, keyHeads, size, rotated, Mode.Plain, positions: true, backward: true);
    }

    [Fact]
    public void Rotate_ThereAndBack_IsTheIdentity()
    {
        double[] values = Expect.Normal(9 * 2 * 64, 1);
        using DeviceTensor q = DeviceTensor.Of(Host.Context, ElementType.Float32, values, 2 * 64);
        (DeviceTensor cos, DeviceTensor sin, _, _) = Tables(ElementType.Float32, 9, 64, 64);
        var kernel = new RotaryKernel(Host.Context);
        var arguments = new RotaryArguments
        {
            Type = ElementType.Float32, TableType = ElementType.Float32, Tokens = 9, Heads = 2, KeyHeads = 0, Size = 64, Rotated = 64, Q = q.Rows, Cos = cos.Rows, Sin = sin.Rows,
        };
        kernel.Rotate(arguments, 0);
        kernel.Rotate(arguments with { Backward = true }, 0);
        double[] result = q.Get();
        for (int i = 0; i < values.Length; i++) Assert.Equal(values[i], result[i], 1e-6);
        cos.Dispose();
        sin.Dispose();
    }

    [Fact]
    public void NothingToTurn_LaunchesNothing()
    {
        _ = Host.Reports();
        var kernel = new RotaryKernel(Host.Context);
        kernel.Rotate(
            new RotaryArguments { Type = ElementType.BFloat16, TableType = ElementType.BFloat16, Tokens = 0, Heads = 2, KeyHeads = 1, Size = 64, Rotated = 64, Q = default, Cos = default, Sin = default }, 0);
        Assert.Empty(Host.Reports());
    }

    [Theory]
    [InlineData("BFloat16", 128)]
    [InlineData("Float16", 128)]
    [InlineData("Float32", 64)]
    public void Traffic_AlignedShape_IsTheFormula(string typeName, int size)
    {
        Assert.SkipUnless(Host.Counts, "a real GPU does not count");
        ElementType type = Enum.Parse<ElementType>(typeName);
        const int tokens = 65, heads = 32, keyHeads = 8;
        using DeviceTensor q = DeviceTensor.Of(Host.Context, type, Expect.Normal(tokens * heads * size, 1), heads * size), k = DeviceTensor.Of(Host.Context, type, Expect.Normal(tokens * keyHeads * size, 2), keyHeads * size);
        (DeviceTensor cos, DeviceTensor sin, _, _) = Tables(type, tokens, size, size);
        var arguments = new RotaryArguments
        {
            Type = type, TableType = type, Tokens = tokens, Heads = heads, KeyHeads = keyHeads, Size = size, Rotated = size, Q = q.Rows, K = k.Rows, Cos = cos.Rows, Sin = sin.Rows,
        };
        _ = Host.Reports();
        new RotaryKernel(Host.Context).Rotate(arguments, 0);
        // A warp has 32 / chunks groups of heads beside each other, which ask for the same row of the tables at once; 40 heads are ten groups.
        int lanesOfRow = size / 2 / type.Lanes(), warpsOfToken = Grids.Ceiling(10 * lanesOfRow, 32);
        long table = (long)tokens * size * type.Bytes(), again = (Math.Max(warpsOfToken, 1) - 1) * table;
        var report = Assert.Single(Host.Reports());
        double asked = 32.0 * (report.LoadSectors + report.StoreSectors);
        Assert.InRange(asked, RotaryKernel.Traffic(arguments), 1.05 * (RotaryKernel.Traffic(arguments) + again));
        cos.Dispose();
        sin.Dispose();
    }

    [Fact]
    public void Rotate_WrongArguments_AreNamed()
    {
        using var q = new DeviceTensor(Host.Context, ElementType.Float32, 4, 64);
        var kernel = new RotaryKernel(Host.Context);
        var good = new RotaryArguments
        {
            Type = ElementType.Float32, TableType = ElementType.Float32, Tokens = 4, Heads = 1, KeyHeads = 0, Size = 64, Rotated = 64, Q = q.Rows, Cos = q.Rows, Sin = q.Rows,
        };
        Assert.Contains("Rotated", Assert.ThrowsAny<ArgumentException>(() => kernel.Rotate(good with { Rotated = 65 }, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("Sin", Assert.ThrowsAny<ArgumentException>(() => kernel.Rotate(good with { Sin = new RowTensor(q.Address, 128) }, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("K", Assert.ThrowsAny<ArgumentException>(() => kernel.Rotate(good with { KeyHeads = 1 }, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("overlaps", Assert.ThrowsAny<ArgumentException>(() => kernel.Rotate(good with { RotatedQ = new RowTensor(q.Address + 64, 64) }, 0)).Message, StringComparison.Ordinal);
    }

    private enum Mode
    {
        InPlace,
        Fused,
        Apart,
        Plain,
    }

    /// <summary>Rows of cos and sin, both halves filled, times an attention factor.</summary>
    private (DeviceTensor Cos, DeviceTensor Sin, double[] CosValues, double[] SinValues) Tables(ElementType type, int rows, int rotated, int size)
    {
        double[] cos = new double[rows * rotated], sin = new double[rows * rotated];
        for (int i = 0; i < cos.Length; i++)
        {
            double angle = (i / rotated) * Math.Pow(10_000, -2.0 * (i % rotated % (rotated / 2)) / size), factor = rotated == size ? 1 : 1.1;
            (cos[i], sin[i]) = (Elements.Round(type, factor * Math.Cos(angle)), Elements.Round(type, factor * Math.Sin(angle)));
        }

        return (DeviceTensor.Of(Host.Context, type, cos, rotated), DeviceTensor.Of(Host.Context, type, sin, rotated), cos, sin);
    }

    private void Check(ElementType type, ElementType table, int tokens, int heads, int keyHeads, int size, int rotated, Mode mode, bool positions, bool backward)
    {
        const int tableRows = 80;
        (DeviceTensor cos, DeviceTensor sin, double[] cosValues, double[] sinValues) = Tables(table, tableRows, rotated, size);
        int[] rows = [.. Enumerable.Range(0, tokens).Select(token => positions ? token * 13 % tableRows : token)];
        using DeviceValues<int> rowsThere = new(Host.Context, rows);
        int all = heads + keyHeads, width = all * size;
        double[] given = Expect.Rounded(type, Expect.Normal(tokens * width, 1));
        using DeviceTensor fused = DeviceTensor.Of(Host.Context, type, given, width, width + 8);
        double[] q = Part(given, width, 0, heads * size), k = Part(given, width, heads * size, keyHeads * size);
        using DeviceTensor qs = DeviceTensor.Of(Host.Context, type, q, heads * size), ks = DeviceTensor.Of(Host.Context, type, k, keyHeads * size);
        using DeviceTensor qr = new(Host.Context, type, tokens, heads * size), kr = new(Host.Context, type, keyHeads == 0 ? 0 : tokens, keyHeads * size);
        var arguments = new RotaryArguments
        {
            Type = type, TableType = table, Tokens = tokens, Heads = heads, KeyHeads = keyHeads, Size = size, Rotated = rotated, Q = qs.Rows, K = ks.Rows,
            Cos = cos.Rows, Sin = sin.Rows, Positions = positions ? rowsThere.Address : 0, Backward = backward,
        };
        if (mode == Mode.Fused) arguments = arguments with { Q = fused.Slice(0), K = keyHeads == 0 ? default : fused.Slice(heads * size) };
        if (mode is Mode.Apart or Mode.Plain) arguments = arguments with { RotatedQ = qr.Rows, RotatedK = keyHeads == 0 ? default : kr.Rows };
        new RotaryKernel(Host.Context, mode == Mode.Plain).Rotate(arguments, 0);

        double[] both = mode == Mode.Fused ? fused.Get() : [];
        CheckHeads(mode == Mode.Fused ? Part(both, width, 0, heads * size) : (mode == Mode.InPlace ? qs : qr).Get(), q, heads);
        if (keyHeads > 0) CheckHeads(mode == Mode.Fused ? Part(both, width, heads * size, keyHeads * size) : (mode == Mode.InPlace ? ks : kr).Get(), k, keyHeads);
        cos.Dispose();
        sin.Dispose();

        void CheckHeads(double[] actual, double[] x, int count)
        {
            Expect.Rounded(type, actual, i => Wanted(i, out _), i => { Wanted(i, out double scale); return 4 * Expect.Single * scale; }, $"{mode} heads");

            double Wanted(int i, out double scale)
            {
                int element = i % size, half = rotated / 2, row = rows[i / (count * size)] * rotated;
                scale = 0;
                if (element >= rotated) return x[i];
                double partner = element < half ? -x[i + half] : x[i - half], c = cosValues[row + element], s = sinValues[row + element] * (backward ? -1 : 1);
                scale = Math.Abs(x[i] * c) + Math.Abs(partner * s);
                return (x[i] * c) + (partner * s);
            }
        }
    }

    private static double[] Part(double[] values, int width, int first, int count) =>
        [.. Enumerable.Range(0, count == 0 ? 0 : values.Length / width).SelectMany(row => values.Skip((row * width) + first).Take(count))];
}
