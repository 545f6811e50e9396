using LongContext.Cuda.Emulation;
using LongContext.Cuda.Normalization;
using LongContext.Cuda.Pointwise;
using LongContext.Cuda.Tests.Pointwise;

namespace LongContext.Cuda.Tests.Normalization;

public abstract class RmsNormSuite
{
    protected abstract KernelHost Host { get; }

    public static TheoryData<string, string, int, int, bool> Forwards()
    {
        var data = new TheoryData<string, string, int, int, bool>();
        (string, string)[] types = [("BFloat16", "BFloat16"), ("BFloat16", "Float32"), ("Float16", "Float16"), ("Float16", "Float32"), ("Float32", "Float32")];
        (int, int)[] shapes = [(1, 1), (7, 7), (3, 63), (65, 64), (3, 65), (2, 127), (63, 128), (2, 129), (5, 80), (2, 256), (2, 1000), (1, 4096), (2, 4097)];
        foreach ((string type, string weight) in types)
        {
            foreach ((int rows, int columns) in shapes) data.Add(type, weight, rows, columns, false);
            data.Add(type, weight, 3, 1000, true);
        }

        data.Add("BFloat16", "BFloat16", 1, 33000, false); // more than a block holds
        data.Add("Float32", "Float32", 1, 16392, false);
        return data;
    }

    [Theory]
    [MemberData(nameof(Forwards))]
    public void Forward_AnyShape_FollowsTheDefinition(string typeName, string weightName, int rows, int columns, bool plain)
    {
        (ElementType type, ElementType weightType) = (Enum.Parse<ElementType>(typeName), Enum.Parse<ElementType>(weightName));
        foreach ((double offset, bool inFloat32, bool residual) in new[] { (0.0, false, false), (1.0, true, true), (1.0, false, false), (0.0, true, true) })
        {
            RmsNormShape shape = Shape(type, weightType, rows, columns) with { WeightOffset = offset, WeightInFloat32 = inFloat32 };
            CheckForward(shape, residual, inPlace: inFloat32 == residual && offset == 1, elementOffset: 0, plain);
        }
    }

    [Fact]
    public void Forward_Misaligned_TakesTheGeneralPath()
    {
        foreach (ElementType type in Enum.GetValues<ElementType>()) CheckForward(Shape(type, type, 3, 128), residual: true, inPlace: false, elementOffset: 1, plain: false);
    }

    [Theory]
    [InlineData(64)]
    [InlineData(80)]
    [InlineData(128)]
    [InlineData(256)]
    [InlineData(20)]
    public void Forward_HeadsWithinAProjection_NormsEachHeadInPlace(int size)
    {
        const int tokens = 9, heads = 3, before = 8;
        foreach (ElementType type in Enum.GetValues<ElementType>())
        {
            double[] x = Expect.Rounded(type, Expect.Normal(tokens * heads * size, 3)), weight = Expect.Rounded(type, Expect.Normal(size, 4));
            RmsNormShape shape = Shape(type, type, tokens * heads, size) with { Inner = heads };
            using DeviceTensor xs = DeviceTensor.Of(Host.Context, type, x, heads * size, (heads * size) + 16, before), w = DeviceTensor.Of(Host.Context, type, weight, size);
            new RmsNormKernel(Host.Context).Forward(new RmsNormArguments { Shape = shape, X = xs.Rows, Weight = w.Address, Y = xs.Rows }, 0);
            CheckResult(shape, x, weight, xs.Get());
        }
    }

    public static TheoryData<string, string, int, int, bool> Backwards()
    {
        var data = new TheoryData<string, string, int, int, bool>();
        (string, string)[] types = [("BFloat16", "BFloat16"), ("BFloat16", "Float32"), ("Float16", "Float16"), ("Float16", "Float32"), ("Float32", "Float32")];
        (int, int)[] shapes = [(1, 1), (7, 7), (65, 63), (65, 64), (3, 65), (129, 128), (5, 129), (5, 80), (40, 256), (3, 1000), (5, 4096), (3, 4097)];
        foreach ((string type, string weight) in types)
        {
            foreach ((int rows, int columns) in shapes) data.Add(type, weight, rows, columns, false);
            data.Add(type, weight, 5, 129, true);
        }

        data.Add("BFloat16", "BFloat16", 3, 8200, false); // four chunks a thread
        data.Add("Float32", "Float32", 3, 8192, false);
        data.Add("BFloat16", "BFloat16", 2, 16400, false); // more than a block holds
        return data;
    }

    [Theory]
    [MemberData(nameof(Backwards))]
    public void Backward_AnyShape_IsTheGradient(string typeName, string weightName, int rows, int columns, bool plain)
    {
        (ElementType type, ElementType weightType) = (Enum.Parse<ElementType>(typeName), Enum.Parse<ElementType>(weightName));
        foreach ((bool added, bool inPlace, bool weightTrains) in new[] { (true, true, true), (false, false, true), (true, false, false) })
            CheckBackward(Shape(type, weightType, rows, columns) with { WeightOffset = added ? 1 : 0 }, added, inPlace, weightTrains, plain);
    }

    [Fact]
    public void Backward_Accumulating_AddsToTheWeightsGradient()
    {
        CheckBackward(Shape(ElementType.BFloat16, ElementType.Float32, 33, 64), added: false, inPlace: true, weightTrains: true, plain: false, accumulates: true);
        CheckBackward(Shape(ElementType.Float32, ElementType.Float32, 3, 4096), added: false, inPlace: true, weightTrains: true, plain: false, accumulates: true);
    }

    [Fact]
    public void Backward_Twice_GivesTheSameBits()
    {
        double[] first = Run(), second = Run();
        Expect.Same(first, second, "weight's gradient");

        double[] Run()
        {
            RmsNormShape shape = Shape(ElementType.Float32, ElementType.Float32, 1000, 64);
            using DeviceTensor x = DeviceTensor.Of(Host.Context, shape.Type, Expect.Normal(64_000, 1), 64), g = DeviceTensor.Of(Host.Context, shape.Type, Expect.Normal(64_000, 2), 64);
            using DeviceTensor w = DeviceTensor.Of(Host.Context, shape.Type, Expect.Normal(64, 3), 64), dw = new(Host.Context, shape.Type, 1, 64);
            using DeviceTensor space = Workspace(shape);
            new RmsNormKernel(Host.Context).Backward(
                new RmsNormBackwardArguments { Shape = shape, X = x.Rows, Weight = w.Address, Gradient = g.Rows, Result = g.Rows, WeightGradient = dw.Address, Workspace = space.Address }, 0);
            return dw.Get();
        }
    }

    [Fact]
    public void NoRows_LaunchesNothing()
    {
        _ = Host.Reports();
        RmsNormShape shape = Shape(ElementType.BFloat16, ElementType.BFloat16, 0, 128);
        var kernel = new RmsNormKernel(Host.Context);
        kernel.Forward(new RmsNormArguments { Shape = shape, X = default, Weight = 0, Y = default }, 0);
        kernel.Backward(new RmsNormBackwardArguments { Shape = shape, X = default, Weight = 0, Gradient = default, Result = default }, 0);
        Assert.Empty(Host.Reports());
    }

    [Theory]
    [InlineData("BFloat16", 64, 4096)]
    [InlineData("Float16", 33, 4096)]
    [InlineData("Float32", 32, 2048)]
    [InlineData("Float16", 2048, 128)]
    public void Traffic_AlignedShape_IsTheFormula(string typeName, int rows, int columns)
    {
        Assert.SkipUnless(Host.Counts, "a real GPU does not count");
        ElementType type = Enum.Parse<ElementType>(typeName);
        RmsNormShape shape = Shape(type, type, rows, columns);
        double[] values = Expect.Normal(rows * columns, 1);
        using DeviceTensor x = DeviceTensor.Of(Host.Context, type, values, columns), g = DeviceTensor.Of(Host.Context, type, values, columns);
        using DeviceTensor w = DeviceTensor.Of(Host.Context, type, Expect.Normal(columns, 3), columns), dw = new(Host.Context, type, 1, columns), space = Workspace(shape);
        // Rows that a warp has at the same time ask for the weight at once.
        long weight = (long)columns * type.Bytes(), asking = Math.Max(1, rows / Math.Max(1, 32 / RmsNormPlan.Forward(shape, chunked: true).Team));
        var kernel = new RmsNormKernel(Host.Context);
        _ = Host.Reports();
        kernel.Forward(new RmsNormArguments { Shape = shape, X = x.Rows, Residual = g.Rows, Sum = x.Rows, Weight = w.Address, Y = g.Rows }, 0);
        Expect.Traffic(Assert.Single(Host.Reports()), RmsNormTraffic.Forward(shape, residual: true), (asking - 1) * weight);
        kernel.Backward(
            new RmsNormBackwardArguments { Shape = shape, X = x.Rows, Weight = w.Address, Gradient = g.Rows, Result = g.Rows, WeightGradient = dw.Address, Workspace = space.Address }, 0);
        IReadOnlyList<LaunchReport> reports = Host.Reports();
        long bytes = reports.Sum(report => 32 * (report.LoadSectors + report.StoreSectors)), formula = RmsNormTraffic.Backward(shape, false, (int)reports[0].Blocks) + (((2 * asking) - 1) * weight);
        Assert.InRange(bytes, 0.95 * formula, 1.05 * formula);
        // The rows of sums are put together once a block, in accesses of 16 bytes 32 apart; all else is free of conflicts.
        Assert.All(reports.SelectMany(report => report.BankConflicts), line => Assert.Equal(InstructionClass.StoreShared, line.Class));
    }

    [Fact]
    public void Forward_WrongArguments_AreNamed()
    {
        using var x = new DeviceTensor(Host.Context, ElementType.Float32, 4, 8);
        var kernel = new RmsNormKernel(Host.Context);
        RmsNormShape shape = Shape(ElementType.Float32, ElementType.Float32, 4, 8);
        var good = new RmsNormArguments { Shape = shape, X = x.Rows, Weight = x.Address, Y = x.Rows };
        Assert.Contains("Y", Assert.ThrowsAny<ArgumentException>(() => kernel.Forward(good with { Y = default }, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("overlaps", Assert.ThrowsAny<ArgumentException>(() => kernel.Forward(good with { Y = new RowTensor(x.Address + 4, 8) }, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("X", Assert.ThrowsAny<ArgumentException>(() => kernel.Forward(good with { X = new RowTensor(x.Address, 4) }, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("Columns", Assert.ThrowsAny<ArgumentException>(() => kernel.Forward(good with { Shape = shape with { Columns = 0 } }, 0)).Message, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => kernel.Forward(good with { Shape = shape with { WeightType = ElementType.BFloat16 } }, 0));
    }

    private static RmsNormShape Shape(ElementType type, ElementType weight, int rows, int columns) =>
        new() { Type = type, WeightType = weight, Rows = rows, Columns = columns, Epsilon = 1e-6 };

    private DeviceTensor Workspace(in RmsNormShape shape) =>
        new(Host.Context, ElementType.Float32, 1, (int)(RmsNormKernel.WorkspaceBytes(shape, Host.Context.Architecture) / sizeof(float)));

    private void CheckForward(in RmsNormShape shape, bool residual, bool inPlace, int elementOffset, bool plain)
    {
        ElementType type = shape.Type;
        int count = shape.Rows * shape.Columns;
        double[] x = Expect.Rounded(type, Expect.Normal(count, 1)), r = Expect.Rounded(type, Expect.Normal(count, 2)), weight = Expect.Rounded(shape.WeightType, Expect.Normal(shape.Columns, 3));
        using DeviceTensor xs = DeviceTensor.Of(Host.Context, type, x, shape.Columns, 0, elementOffset), rs = DeviceTensor.Of(Host.Context, type, r, shape.Columns);
        using DeviceTensor w = DeviceTensor.Of(Host.Context, shape.WeightType, weight, shape.Columns);
        using DeviceTensor y = new(Host.Context, type, shape.Rows, shape.Columns), sum = new(Host.Context, type, shape.Rows, shape.Columns);
        RowTensor result = inPlace ? (residual ? rs.Rows : xs.Rows) : y.Rows, sums = inPlace ? xs.Rows : sum.Rows;
        new RmsNormKernel(Host.Context, plain).Forward(
            new RmsNormArguments { Shape = shape, X = xs.Rows, Residual = residual ? rs.Rows : default, Sum = residual ? sums : default, Weight = w.Address, Y = result }, 0);
        double[] normed = x;
        if (residual)
        {
            normed = [.. x.Zip(r, (a, b) => Elements.Round(type, a + b))];
            Expect.Same(normed, inPlace ? xs.Get() : sum.Get(), "sum");
        }

        CheckResult(shape, normed, weight, inPlace ? (residual ? rs.Get() : xs.Get()) : y.Get());
    }

    /// <summary>The definition in double. A normalised value near a rounding border may go either way, which float32's error decides.</summary>
    private static void CheckResult(RmsNormShape shape, double[] x, double[] weight, double[] actual)
    {
        int columns = shape.Columns;
        bool after = !shape.WeightInFloat32 && shape.Type != ElementType.Float32;
        double relative = (8 + Math.Sqrt(columns)) * 2 * Expect.Single;
        double[] inverse = Inverse(shape, x);
        for (int i = 0; i < actual.Length; i++)
        {
            double n = x[i] * inverse[i / columns], factor = weight[i % columns] + shape.WeightOffset;
            if (after) factor = Elements.Round(shape.WeightType, factor);
            double[] wanted = [.. new[] { n * (1 - relative), n * (1 + relative) }.Select(value => (after ? Elements.Round(shape.Type, value) : value) * factor)];
            double low = Elements.Round(shape.Type, wanted.Min() - (Math.Abs(wanted[0]) * Expect.Single * 4)), high = Elements.Round(shape.Type, wanted.Max() + (Math.Abs(wanted[0]) * Expect.Single * 4));
            Assert.True(actual[i] >= low && actual[i] <= high, $"y[{i}] is {actual[i]:r}, wanted {low:r} … {high:r} ({shape}).");
        }
    }

    private static double[] Inverse(RmsNormShape shape, double[] x) =>
        [.. Enumerable.Range(0, shape.Rows).Select(row => 1 / Math.Sqrt((x.AsSpan(row * shape.Columns, shape.Columns).ToArray().Sum(v => v * v) / shape.Columns) + shape.Epsilon))];

    private void CheckBackward(RmsNormShape shape, bool added, bool inPlace, bool weightTrains, bool plain, bool accumulates = false)
    {
        ElementType type = shape.Type;
        int columns = shape.Columns, count = shape.Rows * columns;
        double[] x = Expect.Rounded(type, Expect.Normal(count, 1)), g = Expect.Rounded(type, Expect.Normal(count, 2)), extra = Expect.Rounded(type, Expect.Normal(count, 4));
        double[] weight = Expect.Rounded(shape.WeightType, Expect.Normal(columns, 3)), old = Expect.Rounded(shape.WeightType, Expect.Normal(columns, 5));
        using DeviceTensor xs = DeviceTensor.Of(Host.Context, type, x, columns), gs = DeviceTensor.Of(Host.Context, type, g, columns), es = DeviceTensor.Of(Host.Context, type, extra, columns);
        using DeviceTensor w = DeviceTensor.Of(Host.Context, shape.WeightType, weight, columns), dx = new(Host.Context, type, shape.Rows, columns);
        using DeviceTensor dw = DeviceTensor.Of(Host.Context, shape.WeightType, old, columns), space = Workspace(shape);
        DeviceTensor result = inPlace ? (added ? es : gs) : dx;
        new RmsNormKernel(Host.Context, plain).Backward(
            new RmsNormBackwardArguments
            {
                Shape = shape, X = xs.Rows, Weight = w.Address, Gradient = gs.Rows, Added = added ? es.Rows : default, Result = result.Rows,
                WeightGradient = weightTrains ? dw.Address : 0, Workspace = weightTrains ? space.Address : 0, Accumulates = accumulates,
            },
            0);

        double[] inverse = Inverse(shape, x), mean = new double[shape.Rows], largest = new double[shape.Rows], sums = new double[columns], sizes = new double[columns];
        for (int i = 0; i < count; i++)
        {
            int row = i / columns, column = i % columns;
            double n = x[i] * inverse[row], u = g[i] * (weight[column] + shape.WeightOffset);
            mean[row] += u * n / columns;
            largest[row] += Math.Abs(u * n) / columns;
            sums[column] += g[i] * n;
            sizes[column] += Math.Abs(g[i] * n);
        }

        double relative = (8 + Math.Sqrt(columns)) * 2 * Expect.Single;
        Expect.Rounded(
            type, result.Get(),
            i => (inverse[i / columns] * (U(i) - (x[i] * inverse[i / columns] * mean[i / columns]))) + (added ? extra[i] : 0),
            i => relative * (inverse[i / columns] * (Math.Abs(U(i)) + (Math.Abs(x[i]) * inverse[i / columns] * largest[i / columns])) + Math.Abs(added ? extra[i] : 0)), "∂x");
        if (!weightTrains) return;
        relative += Math.Sqrt(shape.Rows) * Expect.Single;
        double[] gradient = plain ? space.Get()[..columns] : dw.Get();
        Expect.Rounded(plain ? ElementType.Float32 : shape.WeightType, gradient, i => sums[i] + (accumulates ? old[i] : 0), i => relative * (sizes[i] + Math.Abs(old[i])), "∂w");

        double U(int i) => g[i] * (weight[i % columns] + shape.WeightOffset);
    }
}
