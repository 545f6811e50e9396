using LongContext.Cuda.CrossEntropy;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Pointwise;
using LongContext.Cuda.Tests.Pointwise;

namespace LongContext.Cuda.Tests.CrossEntropy;

public abstract class CrossEntropySuite
{
    private const long Ignored = -100;

    protected abstract KernelHost Host { get; }

    public static TheoryData<string, int, int, bool> Shapes()
    {
        var data = new TheoryData<string, int, int, bool>();
        foreach (string type in Enum.GetNames<ElementType>())
        {
            foreach ((int rows, int vocabulary) in new[] { (1, 1), (7, 7), (65, 63), (5, 64), (3, 127), (9, 128), (4, 129), (63, 1000), (3, 4096), (3, 4097), (1, 32003) }) data.Add(type, rows, vocabulary, false);
            data.Add(type, 65, 129, true);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Run_AnyShape_FollowsTheDefinition(string typeName, int rows, int vocabulary, bool plain)
    {
        ElementType type = Enum.Parse<ElementType>(typeName);
        Check(type, rows, vocabulary, new Options(), plain);
        if (vocabulary > 5000) return;
        Check(type, rows, vocabulary, new Options { SoftCap = 30, LogitScale = 0.5, GradientScale = 0.01, Weighted = true, LongLabels = false, Gap = 8 }, plain);
        Check(type, rows, vocabulary, new Options { SoftCap = 3, ZLoss = 1e-2, Weighted = true, Gap = 3, Offset = 1 }, plain);
        Check(type, rows, vocabulary, new Options { WritesGradient = false, LogitScale = 2 }, plain);
    }

    /// <summary>With less shared memory than a row takes, what does not fit is read twice, with the same result.</summary>
    [Fact]
    public void Run_RowLargerThanSharedMemory_ReadsTheRestAgain()
    {
        Check(ElementType.Float32, 2, 60_001, new Options { SoftCap = 30 }, plain: false);
        Check(ElementType.BFloat16, 2, 120_003, new Options { Offset = 3 }, plain: false);
    }

    /// <summary>Static and dynamic shared memory together may be 48 KiB without asking: rows whose bytes, but not whose bytes and the kernel's own, are below that.</summary>
    [Fact]
    public void Run_RowOfAboutTheUnaskedSharedMemory_FollowsTheDefinition()
    {
        foreach (int vocabulary in new[] { 12_224, 12_228, 12_288, 12_292 }) Check(ElementType.Float32, 1, vocabulary, new Options(), plain: false);
        foreach (int vocabulary in new[] { 24_448, 24_456, 24_576, 24_584 }) Check(ElementType.BFloat16, 1, vocabulary, new Options(), plain: false);
    }

    [Fact]
    public void Run_InfiniteLogits_HaveNoProbability()
    {
        foreach (ElementType type in Enum.GetValues<ElementType>())
        {
            double[] z = [.. Enumerable.Range(0, 40).Select(i => i % 3 == 0 ? 1.0 : double.NegativeInfinity), .. Enumerable.Repeat(double.NegativeInfinity, 39), 2.0];
            using DeviceTensor logits = DeviceTensor.Of(Host.Context, type, z, 40);
            using DeviceValues<long> labels = new(Host.Context, [3, 39]);
            using DeviceValues<float> losses = new(Host.Context, new float[2]);
            using DeviceValues<int> faults = new(Host.Context, [0]);
            new CrossEntropyKernel(Host.Context).Run(
                new CrossEntropyArguments { Type = type, Rows = 2, Vocabulary = 40, Logits = logits.Rows, Labels = labels.Address, Losses = losses.Address, Faults = faults.Address }, 0);
            double[] gradient = logits.Get();
            Assert.Equal(Math.Log(14), losses.Get()[0], 1e-5);
            Assert.Equal(0, losses.Get()[1], 1e-6);
            for (int i = 0; i < 40; i++)
            {
                Assert.Equal(i % 3 != 0 ? 0 : i == 3 ? (1.0 / 14) - 1 : 1.0 / 14, gradient[i], 2 * Elements.Unit(type));
                Assert.Equal(0, gradient[40 + i], 1e-6);
            }
        }
    }

    [Fact]
    public void Run_LabelOutOfRange_IsCountedAndTouchesNothingElse()
    {
        foreach (bool plain in new[] { false, true })
        {
            using DeviceTensor logits = DeviceTensor.Of(Host.Context, ElementType.BFloat16, Expect.Normal(4 * 64, 1), 64);
            using DeviceValues<long> labels = new(Host.Context, [64, -1, long.MaxValue, 63]);
            using DeviceValues<float> losses = new(Host.Context, new float[4]);
            using DeviceValues<int> faults = new(Host.Context, [0]);
            var arguments = new CrossEntropyArguments
            {
                Type = ElementType.BFloat16, Rows = 4, Vocabulary = 64, Logits = logits.Rows, Labels = labels.Address, Losses = losses.Address, Faults = faults.Address,
            };
            new CrossEntropyKernel(Host.Context, plain).Run(arguments, 0);
            Assert.Equal(3, faults.Get()[0]);
            Assert.Equal([true, true, true, false], losses.Get().Select(float.IsNaN));
            Assert.All(logits.Get()[..192], value => Assert.Equal(0, value));
            Exception e = Assert.Throws<ArgumentException>(() => new CrossEntropyKernel(Host.Context).Run(arguments with { HostLabels = new long[] { 1, 64, -100, 3 } }, 0));
            Assert.Contains("HostLabels[1] is 64", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void NoRows_LaunchesNothing()
    {
        _ = Host.Reports();
        new CrossEntropyKernel(Host.Context).Run(
            new CrossEntropyArguments { Type = ElementType.Float32, Rows = 0, Vocabulary = 8, Logits = default, Labels = 0, Losses = 0, Faults = 0 }, 0);
        Assert.Empty(Host.Reports());
    }

    [Theory]
    [InlineData("BFloat16", 9, 32768)]
    [InlineData("Float16", 9, 32768)]
    [InlineData("Float32", 3, 16384)]
    public void Traffic_AlignedShape_IsTheFormula(string typeName, int rows, int vocabulary)
    {
        Assert.SkipUnless(Host.Counts, "a real GPU does not count");
        ElementType type = Enum.Parse<ElementType>(typeName);
        using DeviceTensor logits = DeviceTensor.Of(Host.Context, type, Expect.Normal(rows * vocabulary, 1), vocabulary);
        using DeviceValues<long> labels = new(Host.Context, new long[rows]);
        using DeviceValues<float> losses = new(Host.Context, new float[rows]);
        using DeviceValues<int> faults = new(Host.Context, [0]);
        _ = Host.Reports();
        new CrossEntropyKernel(Host.Context).Run(
            new CrossEntropyArguments { Type = type, Rows = rows, Vocabulary = vocabulary, Logits = logits.Rows, Labels = labels.Address, Losses = losses.Address, Faults = faults.Address }, 0);
        Expect.Traffic(Assert.Single(Host.Reports()), CrossEntropyKernel.Traffic(type, rows, vocabulary));
        Assert.Equal(0, CrossEntropyKernel.SecondReads(type, rows, vocabulary, GpuArchitecture.H100));
    }

    [Fact]
    public void Plan_AnyVocabulary_FitsEachArchitecture()
    {
        foreach (GpuArchitecture architecture in new[] { GpuArchitecture.A100, GpuArchitecture.Rtx4090, GpuArchitecture.H100 })
        {
            foreach (ElementType type in Enum.GetValues<ElementType>())
            {
                foreach (int vocabulary in new[] { 1, 100, 32_000, 49_152, 128_256, 151_936, 262_144 })
                {
                    CrossEntropyPlan plan = CrossEntropyPlan.Of(type, 10_000, vocabulary, true, 64, architecture);
                    Assert.InRange(plan.Launch.SharedBytes + 256, 0, architecture.SharedBytesPerBlock);
                    Assert.InRange(plan.Launch.BlockX, 128, 512);
                    Assert.True(plan.Launch.GridX >= architecture.MultiprocessorCount);
                    Assert.Equal(plan.HeldChunks * 16, plan.Launch.SharedBytes);
                    Assert.True(plan.HeldChunks * 16L <= (long)vocabulary * type.Bytes());
                }
            }
        }
    }

    private sealed record Options
    {
        public double? SoftCap { get; init; }

        public double LogitScale { get; init; } = 1;

        public double GradientScale { get; init; } = 1;

        public double ZLoss { get; init; }

        public bool Weighted { get; init; }

        public bool LongLabels { get; init; } = true;

        public bool WritesGradient { get; init; } = true;

        public int Gap { get; init; }

        public int Offset { get; init; }
    }

    private void Check(ElementType type, int rows, int vocabulary, Options options, bool plain)
    {
        double[] z = Expect.Rounded(type, Expect.Normal(rows * vocabulary, 1, 4));
        var random = new Random(2);
        long[] label = [.. Enumerable.Range(0, rows).Select(row => row % 5 == 4 ? Ignored : random.Next(vocabulary))];
        float[] weight = [.. Enumerable.Range(0, rows).Select(_ => random.NextSingle())];
        using DeviceTensor logits = DeviceTensor.Of(Host.Context, type, z, vocabulary, vocabulary + options.Gap, options.Offset);
        using DeviceValues<long> longs = new(Host.Context, label);
        using DeviceValues<int> ints = new(Host.Context, Array.ConvertAll(label, value => (int)value));
        using DeviceValues<float> weights = new(Host.Context, weight), losses = new(Host.Context, new float[rows]), logSums = new(Host.Context, new float[rows]);
        using DeviceValues<int> faults = new(Host.Context, [0]);
        new CrossEntropyKernel(Host.Context, plain).Run(
            new CrossEntropyArguments
            {
                Type = type, Rows = rows, Vocabulary = vocabulary, Logits = logits.Rows, Labels = options.LongLabels ? longs.Address : ints.Address, LongLabels = options.LongLabels,
                Weights = options.Weighted ? weights.Address : 0, Losses = losses.Address, LogSums = logSums.Address, Faults = faults.Address, LogitScale = options.LogitScale,
                SoftCap = options.SoftCap, GradientScale = options.GradientScale, ZLoss = options.ZLoss, WritesGradient = options.WritesGradient, HostLabels = label,
            },
            0);

        double[] actual = logits.Get(), lossesThere = Array.ConvertAll(losses.Get(), value => (double)value), sumsThere = Array.ConvertAll(logSums.Get(), value => (double)value);
        Assert.Equal(0, faults.Get()[0]);
        if (!options.WritesGradient) Expect.Same(z, actual, "logits");
        for (int row = 0; row < rows; row++)
        {
            double[] logit = [.. z.Skip(row * vocabulary).Take(vocabulary).Select(Logit)];
            double largest = logit.Max(), size = logit.Max(Math.Abs), sum = logit.Sum(value => Math.Exp(value - largest)), logSum = largest + Math.Log(sum);
            bool target = label[row] != Ignored;
            // Rounding of exponents, which have the size of the largest logit, or of the cap, as 1 − 2/(1 + e^2y) rounds; and of a sum of that many terms.
            double relative = (16 + (2 * Math.Max(size, options.SoftCap ?? 0)) + Math.Sqrt(vocabulary)) * 2 * Expect.Single;
            double loss = target ? logSum - logit[label[row]] : 0;
            Assert.True(Math.Abs(lossesThere[row] - loss) <= relative * (1 + Math.Abs(loss)), $"loss[{row}] is {lossesThere[row]}, wanted {loss} ({options})");
            Assert.True(Math.Abs(sumsThere[row] - (target ? logSum : 0)) <= relative * (1 + Math.Abs(logSum)), $"sum[{row}] is {sumsThere[row]}, wanted {logSum}");
            if (!options.WritesGradient) continue;
            double factor = !target ? 0 : (options.Weighted ? weight[row] : 1) * options.GradientScale * options.LogitScale, zFactor = 1 + (2 * options.ZLoss * logSum);
            Expect.Rounded(
                type, actual[(row * vocabulary)..((row + 1) * vocabulary)],
                i => factor * ((Math.Exp(logit[i] - logSum) * zFactor) - (i == label[row] ? 1 : 0)) * Slope(logit[i]),
                // The slope 1 − tanh² has the absolute error of tanh².
                i => Math.Abs(factor) * relative * ((Math.Exp(logit[i] - logSum) * zFactor) + (i == label[row] ? 1 : 0)), $"∂z of row {row} ({options})");
        }

        double Logit(double value) => options.SoftCap is { } cap ? cap * Math.Tanh(options.LogitScale * value / cap) : options.LogitScale * value;

        double Slope(double logit) => options.SoftCap is { } cap ? 1 - (logit / cap * (logit / cap)) : 1;
    }
}
