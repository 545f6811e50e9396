using LongContext.Cuda.Optimizers;
using LongContext.Cuda.Pointwise;
using LongContext.Cuda.Tests.Pointwise;

namespace LongContext.Cuda.Tests.Optimizers;

public abstract class AdamWSuite
{
    private const ulong Key = 0x123456789ABCDEF0;

    protected abstract KernelHost Host { get; }

    /// <summary>Weight's type, gradient's type, master, stochastic rounding.</summary>
    public static TheoryData<string, string, bool, bool> Kinds() => new()
    {
        { "Float32", "Float32", false, false },
        { "BFloat16", "BFloat16", true, false },
        { "BFloat16", "Float32", true, false },
        { "BFloat16", "BFloat16", false, true },
        { "BFloat16", "Float32", false, false },
        { "Float16", "Float16", true, false },
        { "Float16", "Float16", false, false },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Step_AnyCount_HasTheHostsBits(string typeName, string gradientName, bool master, bool stochastic)
    {
        (ElementType type, ElementType gradientType) = (Enum.Parse<ElementType>(typeName), Enum.Parse<ElementType>(gradientName));
        foreach (int count in new[] { 1, 7, 63, 64, 65, 127, 129, 1000, 4097 }) CheckPlain(type, gradientType, master, stochastic, count, 0, plain: false);
        CheckPlain(type, gradientType, master, stochastic, 129, 1, plain: false);
        CheckPlain(type, gradientType, master, stochastic, 129, 0, plain: true);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void BlockwiseStep_AnyCount_HasTheHostsBits(string typeName, string gradientName, bool master, bool stochastic)
    {
        (ElementType type, ElementType gradientType) = (Enum.Parse<ElementType>(typeName), Enum.Parse<ElementType>(gradientName));
        foreach (int count in new[] { 1, 7, 64, 129, 255, 256, 257, 1000, 4097 }) CheckBlockwise(type, gradientType, master, stochastic, count, 0, plain: false);
        CheckBlockwise(type, gradientType, master, stochastic, 300, 1, plain: false);
        CheckBlockwise(type, gradientType, master, stochastic, 300, 0, plain: true);
    }

    /// <summary>With β of 0 and a largest value of 1 the gradient itself is what codes are made of: every border and its neighbours.</summary>
    [Fact]
    public void BlockwiseStep_AtEveryBorder_FindsTheCode()
    {
        float[] borders = [.. AdamWOracle.Tables.AsSpan(256, 255), .. AdamWOracle.Tables.AsSpan(0, 256)];
        float[] means = [.. borders.SelectMany(x => new[] { MathF.BitDecrement(x), x, MathF.BitIncrement(x) }), 0, -0f, float.Epsilon, -float.Epsilon, 1e-39f, 1e-7f, 9.99e-8f, -1e-7f, 1e-20f, .. Grid()];
        float[] roots = [.. AdamWOracle.Tables.AsSpan(513, 510).ToArray().Where(float.IsFinite).Select(MathF.Sqrt).SelectMany(x => new[] { MathF.BitDecrement(x), x, MathF.BitIncrement(x) }), 0, 1e-22f, 1e-19f, .. Grid()];
        foreach (float[] all in new[] { means, roots })
        {
            float[] gradient = [.. all.Select(value => Math.Clamp(value, -1, 1)).Chunk(255).SelectMany(block => block.Append(1f))];
            var constants = AdamWConstants.Of(0, 0, 1e-8, 1, 1e-3, 0);
            using var tables = new DeviceValues<float>(Host.Context, AdamWOracle.Tables);
            using DeviceValues<float> weight = new(Host.Context, new float[gradient.Length]), gradients = new(Host.Context, gradient);
            using DeviceValues<byte> mean = new(Host.Context, new byte[gradient.Length]), square = new(Host.Context, new byte[gradient.Length]);
            int blocks = (gradient.Length + 255) / 256;
            using DeviceValues<float> meanScale = new(Host.Context, new float[blocks]), squareScale = new(Host.Context, new float[blocks]);
            new BlockwiseAdamWKernel(Host.Context).Step(
                new UpdatedWeights { Type = ElementType.Float32, GradientType = ElementType.Float32, Count = gradient.Length, Weight = weight.Address, Gradient = gradients.Address },
                new BlockwiseState { MeanCodes = mean.Address, SquareCodes = square.Address, MeanScales = meanScale.Address, SquareScales = squareScale.Address, Tables = tables.Address },
                constants, 0);
            Expect.Same([.. gradient.Select(x => AdamWOracle.Code(x, signed: true))], mean.Get(), "codes of means");
            Expect.Same([.. gradient.Select(x => AdamWOracle.Code(x * x, signed: false))], square.Get(), "codes of squares");
        }

        static IEnumerable<float> Grid() => Enumerable.Range(0, 3000).Select(i => (i % 2 == 0 ? 1 : -1) * MathF.Pow(10, -8.5f * i / 3000));
    }

    [Fact]
    public void Step_NotFinite_RoundsAsTheHost()
    {
        // The sixth and seventh step beyond the largest number.
        float[] weight = [float.NaN, float.PositiveInfinity, 1, 3.4e38f, -3.4e38f, 1, 1, 1e-40f], mean = [0, 0, 0, 0, 0, -3.4e38f, 3.4e38f, 0], square = [0, 0, 0, 0, 0, 1, 1, 0];
        using DeviceValues<float> master = new(Host.Context, weight), means = new(Host.Context, mean), squares = new(Host.Context, square), gradient = new(Host.Context, new float[8]);
        using DeviceValues<ushort> rounded = new(Host.Context, new ushort[8]);
        var constants = AdamWConstants.Of(0.9, 0.95, 1e-8, 1, 1, 0);
        new AdamWKernel(Host.Context).Step(
            new UpdatedWeights
            {
                Type = ElementType.BFloat16, GradientType = ElementType.Float32, Count = 8, Weight = rounded.Address, Master = master.Address, Gradient = gradient.Address, RoundingKey = Key, Start = 77,
            },
            means.Address, squares.Address, constants, 0);
        float[] wanted = [.. weight.Select((value, i) => AdamWOracle.Weight(value, AdamWOracle.MovedMean(mean[i], 0, constants), AdamWOracle.Square(square[i], 0, constants), constants))];
        Assert.Equal([false, false, true, true, true, false, false, true], wanted.Select(float.IsFinite));
        Assert.Equal([true, true, false, false, false, false, false, false], wanted.Select(float.IsNaN));
        ushort[] actual = rounded.Get();
        for (int i = 0; i < 8; i++)
        {
            if (float.IsNaN(wanted[i])) Assert.True(float.IsNaN(BitConverter.UInt32BitsToSingle((uint)actual[i] << 16)));
            else Assert.Equal(AdamWOracle.RoundStochastically(wanted[i], Key, (uint)(77 + i)), actual[i]);
        }
    }

    [Fact]
    public void NoValues_LaunchesNothing()
    {
        _ = Host.Reports();
        var weights = new UpdatedWeights { Type = ElementType.Float32, GradientType = ElementType.Float32, Count = 0, Weight = 0, Gradient = 0 };
        new AdamWKernel(Host.Context).Step(weights, 0, 0, default, 0);
        new BlockwiseAdamWKernel(Host.Context).Step(weights, new BlockwiseState { MeanCodes = 0, SquareCodes = 0, MeanScales = 0, SquareScales = 0, Tables = 0 }, default, 0);
        Assert.Empty(Host.Reports());
    }

    [Fact]
    public void Step_WrongArguments_AreNamed()
    {
        using DeviceValues<float> some = new(Host.Context, new float[64]);
        var good = new UpdatedWeights { Type = ElementType.Float32, GradientType = ElementType.Float32, Count = 8, Weight = some.Address, Gradient = some.Address };
        var kernel = new AdamWKernel(Host.Context);
        Assert.Contains("RoundingKey", Assert.ThrowsAny<ArgumentException>(() => kernel.Step(good with { RoundingKey = 1 }, some.Address, some.Address, default, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("Master", Assert.ThrowsAny<ArgumentException>(() => kernel.Step(good with { Master = some.Address }, some.Address, some.Address, default, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("mean", Assert.ThrowsAny<ArgumentException>(() => kernel.Step(good, 0, some.Address, default, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("Start", Assert.ThrowsAny<ArgumentException>(() => new BlockwiseAdamWKernel(Host.Context).Step(good with { Start = 5 }, default, default, 0)).Message, StringComparison.Ordinal);
        Assert.ThrowsAny<ArgumentException>(() => AdamWConstants.Of(0.9, 0.95, 1e-8, 0, 1e-3, 0.1));
    }

    [Theory]
    [InlineData("Float32", false)]
    [InlineData("BFloat16", true)]
    [InlineData("BFloat16", false)]
    [InlineData("Float16", true)]
    [InlineData("Float16", false)]
    public void Traffic_AlignedCount_IsTheFormula(string typeName, bool master)
    {
        Assert.SkipUnless(Host.Counts, "a real GPU does not count");
        ElementType type = Enum.Parse<ElementType>(typeName);
        const int count = 1 << 16;
        using DeviceTensor weight = DeviceTensor.Of(Host.Context, type, Expect.Normal(count, 1), count), gradient = DeviceTensor.Of(Host.Context, type, Expect.Normal(count, 2), count);
        using DeviceValues<float> masters = new(Host.Context, new float[count]), mean = new(Host.Context, new float[count]), square = new(Host.Context, new float[count]), tables = new(Host.Context, AdamWOracle.Tables);
        using DeviceValues<byte> meanCodes = new(Host.Context, new byte[count]), squareCodes = new(Host.Context, new byte[count]);
        var weights = new UpdatedWeights { Type = type, GradientType = type, Count = count, Weight = weight.Address, Master = master ? masters.Address : 0, Gradient = gradient.Address };
        var constants = AdamWConstants.Of(0.9, 0.95, 1e-8, 3, 1e-3, 0.1);
        _ = Host.Reports();
        new AdamWKernel(Host.Context).Step(weights, mean.Address, square.Address, constants, 0);
        Expect.Traffic(Assert.Single(Host.Reports()), AdamWKernel.Traffic(weights));
        new BlockwiseAdamWKernel(Host.Context).Step(
            weights, new BlockwiseState { MeanCodes = meanCodes.Address, SquareCodes = squareCodes.Address, MeanScales = mean.Address, SquareScales = square.Address, Tables = tables.Address }, constants, 0);
        var report = Assert.Single(Host.Reports());
        // Each block of threads reads the tables of 4 KiB; a scale is asked for as a sector of 8, of which neighbouring warps use the rest.
        long formula = BlockwiseAdamWKernel.Traffic(weights), again = (report.Blocks * 4096) + (4 * 28 * (count / 256)), asked = 32 * (report.LoadSectors + report.StoreSectors);
        Assert.InRange(asked, 0.95 * (formula + again), 1.05 * (formula + again));
    }

    private void CheckPlain(ElementType type, ElementType gradientType, bool master, bool stochastic, int count, int offset, bool plain)
    {
        Values given = new(type, gradientType, count);
        float[] mean = Singles(given.Count, 4, 0.1), square = Array.ConvertAll(Singles(given.Count, 5, 0.1), x => x * x);
        using DeviceTensor weight = DeviceTensor.Of(Host.Context, type, given.Weight, count, 0, offset), gradient = DeviceTensor.Of(Host.Context, gradientType, given.Gradient, count, 0, offset);
        using DeviceValues<float> masters = new(Host.Context, given.Master, offset), means = new(Host.Context, mean, offset), squares = new(Host.Context, square, offset);
        var constants = AdamWConstants.Of(0.9, 0.95, 1e-8, 3, 1e-2, 0.1);
        new AdamWKernel(Host.Context, plain).Step(given.At(weight, gradient, masters, master, stochastic), means.Address, squares.Address, constants, 0);
        var weights = new float[count];
        for (int i = 0; i < count; i++)
        {
            float g = (float)given.Gradient[i];
            mean[i] = AdamWOracle.MovedMean(mean[i], g, constants);
            square[i] = AdamWOracle.Square(square[i], g, constants);
            weights[i] = AdamWOracle.Weight(master ? given.Master[i] : (float)given.Weight[i], mean[i], square[i], constants);
        }

        Expect.Same(mean, means.Get(), "mean");
        Expect.Same(square, squares.Get(), "square");
        CheckWeights(type, weights, weight.Get(), masters.Get(), master, stochastic, given);
    }

    private void CheckBlockwise(ElementType type, ElementType gradientType, bool master, bool stochastic, int count, int offset, bool plain)
    {
        Values given = new(type, gradientType, count);
        int blocks = (count + 255) / 256;
        byte[] mean = new byte[count], square = new byte[count];
        var random = new Random(9);
        random.NextBytes(mean);
        random.NextBytes(square);
        float[] meanScale = Singles(blocks, 6, 0.1).Select(MathF.Abs).ToArray(), squareScale = Singles(blocks, 7, 0.01).Select(MathF.Abs).ToArray();
        if (blocks > 1) (meanScale[0], squareScale[0]) = (0, 0); // as before the first update
        using DeviceTensor weight = DeviceTensor.Of(Host.Context, type, given.Weight, count, 0, offset), gradient = DeviceTensor.Of(Host.Context, gradientType, given.Gradient, count, 0, offset);
        using DeviceValues<float> masters = new(Host.Context, given.Master, offset), meanScales = new(Host.Context, meanScale), squareScales = new(Host.Context, squareScale);
        using DeviceValues<float> tables = new(Host.Context, AdamWOracle.Tables);
        using DeviceValues<byte> means = new(Host.Context, mean, offset), squares = new(Host.Context, square, offset);
        var constants = AdamWConstants.Of(0.9, 0.95, 1e-8, 3, 1e-2, 0.1);
        new BlockwiseAdamWKernel(Host.Context, plain).Step(
            given.At(weight, gradient, masters, master, stochastic) with { Start = Values.Start },
            new BlockwiseState { MeanCodes = means.Address, SquareCodes = squares.Address, MeanScales = meanScales.Address, SquareScales = squareScales.Address, Tables = tables.Address },
            constants, 0);

        float[] weights = new float[count], m = new float[count], v = new float[count];
        for (int i = 0; i < count; i++)
        {
            float g = (float)given.Gradient[i];
            m[i] = AdamWOracle.Mean(AdamWOracle.Value(mean[i], true) * meanScale[i / 256], g, constants);
            v[i] = AdamWOracle.Square(AdamWOracle.Value(square[i], false) * squareScale[i / 256], g, constants);
            weights[i] = AdamWOracle.Weight(master ? given.Master[i] : (float)given.Weight[i], m[i], v[i], constants);
        }

        for (int block = 0; block < blocks; block++)
        {
            int first = block * 256, size = Math.Min(256, count - first);
            meanScale[block] = m.AsSpan(first, size).ToArray().Max(MathF.Abs);
            squareScale[block] = v.AsSpan(first, size).ToArray().Max();
            float inverseMean = 1 / MathF.Max(meanScale[block], 1.17549435e-38f), inverseSquare = 1 / MathF.Max(squareScale[block], 1.17549435e-38f);
            for (int i = first; i < first + size; i++) (mean[i], square[i]) = (AdamWOracle.Code(m[i] * inverseMean, true), AdamWOracle.Code(v[i] * inverseSquare, false));
        }

        Expect.Same(meanScale, meanScales.Get(), "scale of means");
        Expect.Same(squareScale, squareScales.Get(), "scale of squares");
        Expect.Same(mean, means.Get(), "codes of means");
        Expect.Same(square, squares.Get(), "codes of squares");
        CheckWeights(type, weights, weight.Get(), masters.Get(), master, stochastic, given);
    }

    private static void CheckWeights(ElementType type, float[] wanted, double[] actual, float[] masters, bool master, bool stochastic, Values given)
    {
        double[] rounded = [.. wanted.Select((value, i) => stochastic
            ? BitConverter.UInt32BitsToSingle((uint)AdamWOracle.RoundStochastically(value, Key, (uint)(Values.Start + i)) << 16) : Elements.Round(type, value))];
        Expect.Same(rounded, actual, "weight");
        Expect.Same(master ? wanted : given.Master, masters, "master");
    }

    private static float[] Singles(int count, int seed, double scale) => Array.ConvertAll(Expect.Normal(count, seed, scale), value => (float)value);

    private sealed class Values(ElementType type, ElementType gradientType, int count)
    {
        public const long Start = 512;

        public int Count => count;

        public double[] Weight { get; } = Expect.Rounded(type, Expect.Normal(count, 1));

        public float[] Master { get; } = Singles(count, 2, 1);

        public double[] Gradient { get; } = Expect.Rounded(gradientType, Expect.Normal(count, 3, 0.1));

        public UpdatedWeights At(DeviceTensor weight, DeviceTensor gradient, DeviceValues<float> masters, bool master, bool stochastic) => new()
        {
            Type = type, GradientType = gradientType, Count = count, Weight = weight.Address, Gradient = gradient.Address, Master = master ? masters.Address : 0,
            RoundingKey = stochastic ? Key : null, Start = Start,
        };
    }
}
