using LongContext.Cuda.Decoding;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;
using LongContext.Cuda.Tests.Pointwise;

namespace LongContext.Cuda.Tests.Decoding;

/// <summary>A cache of codes: what is written are the codes of the definition, and what is read are their numbers, by every bit.</summary>
public abstract class CodedCacheTests
{
    public static TheoryData<string, int, string> Formats
    {
        get
        {
            var data = new TheoryData<string, int, string>();
            foreach (int size in DecodingShape.HeadSizes)
            {
                foreach (string codes in new[] { nameof(CacheCodes.Int8), nameof(CacheCodes.Float8) })
                {
                    data.Add(nameof(CacheElement.BFloat16), size, codes);
                    data.Add(nameof(CacheElement.Float16), size, codes);
                }
            }

            return data;
        }
    }

    protected abstract CudaContext Context { get; }

    /// <summary>Attention over codes is attention over their numbers: the same sums in the same order.</summary>
    [Theory]
    [MemberData(nameof(Formats))]
    public void Forward_OverCodes_GivesTheBitsOfThatOverNumbers(string element, int size, string codes)
    {
        foreach ((int keyHeads, int group, int tokens, int? window) in new (int, int, int, int?)[] { (2, 4, 1, null), (1, 3, 5, null), (3, 2, 2, 40) })
        {
            DecodingShape shape = Shape(element, size, keyHeads, group) with { MaxQueryTokens = tokens, WindowLeft = window };
            var c = new DecodingCase(shape, [1, 7, 64, 65, 0, 129, 200], softCap: window is null ? 0 : 20);
            var coded = new CodedCase(c, Enum.Parse<CacheCodes>(codes));
            int[] splits = [1, 1, 1, 2, 1, 2, 3];
            foreach (CacheForm form in group == 4 ? [new CacheForm(), new CacheForm(PageSize: 16, Room: 3)] : new[] { new CacheForm(PageSize: 32, Room: 1) })
            {
                using DecodingRun numbers = new(Context, c, form), run = new(Context, c, form, coded);
                (ushort[] O, float[] LogSumExp) expected = numbers.Forward(DecodingPlan.WithSplits(shape, c.Lengths.ToArray(), splits, Context.Architecture));
                (ushort[] O, float[] LogSumExp) actual = run.Forward(DecodingPlan.WithSplits(shape with { Codes = coded.Codes }, c.Lengths.ToArray(), splits, Context.Architecture));
                DecodingAttentionTests.AssertEqual(expected, actual);
                Near(shape.Element, numbers.Reference(), run.Reference());
                Assert.DoesNotContain(actual.O, bits => float.IsNaN(ElementBits.ToSingle(shape.Element, bits)));
            }
        }
    }

    /// <summary>The plain kernels' sums may be joined otherwise: one unit in the last place, or the rounding of sums that cancel.</summary>
    private static void Near(CacheElement element, (ushort[] O, float[] LogSumExp) expected, (ushort[] O, float[] LogSumExp) actual)
    {
        Assert.All(expected.O.Zip(actual.O), pair =>
        {
            float x = ElementBits.ToSingle(element, pair.First), y = ElementBits.ToSingle(element, pair.Second);
            Assert.Equal(x, y, Math.Max(2e-6f, Math.Abs(x) * (element == CacheElement.BFloat16 ? 1 / 128f : 1 / 1024f)));
        });
        Assert.All(expected.LogSumExp.Zip(actual.LogSumExp).Where(pair => !float.IsInfinity(pair.First)), pair => Assert.Equal(pair.First, pair.Second, 2e-6f));
        Assert.Equal(expected.LogSumExp.Select(float.IsInfinity), actual.LogSumExp.Select(float.IsInfinity));
    }

    [Fact]
    public void Forward_OverCodes_IsTheDefinition()
    {
        var c = new DecodingCase(Shape(nameof(CacheElement.BFloat16), 128, keyHeads: 2, group: 4) with { MaxQueryTokens = 2 }, [700, 3, 1500]);
        using var run = new DecodingRun(Context, c, new CacheForm(PageSize: 64, Room: 2), new CodedCase(c, CacheCodes.Int8));
        DecodingAttentionTests.AssertRight(c, run.Forward());
    }

    [Theory]
    [InlineData(nameof(CacheElement.BFloat16), 64, 64, nameof(CacheCodes.Int8))]
    [InlineData(nameof(CacheElement.Float16), 80, 32, nameof(CacheCodes.Float8))]
    [InlineData(nameof(CacheElement.BFloat16), 96, 0, nameof(CacheCodes.Float8))]
    [InlineData(nameof(CacheElement.Float16), 128, 0, nameof(CacheCodes.Int8))]
    [InlineData(nameof(CacheElement.Float16), 256, 256, nameof(CacheCodes.Int8))]
    public void Append_WritesTheCodesOfWhatTheOtherCacheHas(string elementName, int size, int rotary, string codesName)
    {
        const int tokens = 6, rows = 12, keyHeads = 2, heads = 6;
        (CacheElement element, CacheCodes codes) = (Enum.Parse<CacheElement>(elementName), Enum.Parse<CacheCodes>(codesName));
        DecodingShape shape = Shape(elementName, size, keyHeads, heads / keyHeads);
        var random = new Random(size + rotary);
        ushort[] q = Values(tokens * heads * size), k = Values(tokens * keyHeads * size), v = Values(tokens * keyHeads * size);
        k.AsSpan(0, size).Clear(); // a head of zeros has a scale of 0
        int[] slots = [7, -1, 0, 11, 12, 3];
        float[] cosines = [.. Enumerable.Range(0, 10 * 128).Select(i => MathF.Cos(i * 0.37f))], sines = [.. Enumerable.Range(0, 10 * 128).Select(i => MathF.Sin(i * 0.37f))];
        int stride = CodedRow.Bytes(keyHeads, size), plain = rows * keyHeads * size;
        using DeviceValues<ushort> qOne = new(Context, q), qTwo = new(Context, q), kThere = new(Context, k), vThere = new(Context, v), kNumbers = new(Context, new ushort[plain]), vNumbers = new(Context, new ushort[plain]);
        using DeviceValues<byte> kCodes = new(Context, Poison(rows * stride)), vCodes = new(Context, Poison(rows * stride));
        using DeviceValues<int> slotsThere = new(Context, slots), positions = new(Context, [3, 0, 9, 1, 2, 5]);
        using DeviceValues<float> cosinesThere = new(Context, cosines), sinesThere = new(Context, sines);
        var arguments = new CacheAppendArguments
        {
            Element = element, Query = qOne.Address, Keys = kThere.Address, Values = vThere.Address, KeyCache = kNumbers.Address, ValueCache = vNumbers.Address, Slots = slotsThere.Address,
            CacheRows = rows, Positions = rotary == 0 ? 0 : positions.Address, Cosines = cosinesThere.Address, Sines = sinesThere.Address, RotarySize = rotary, Tokens = tokens, Heads = heads,
            KeyHeads = keyHeads, HeadSize = size,
        };
        new CacheAppend(Context).Run(arguments);
        new CacheAppend(Context).Run(arguments with { Codes = codes, Query = qTwo.Address, KeyCache = kCodes.Address, ValueCache = vCodes.Address });
        Near(qOne.Get().Length, [.. qOne.Get().Zip(qTwo.Get()).Select(pair => pair.First == pair.Second)], rotary);
        Check(kNumbers.Get(), kCodes.Get(), rotary);
        Check(vNumbers.Get(), vCodes.Get(), 0);

        void Check(ushort[] numbers, byte[] found, int turned)
        {
            byte[] expected = CodedCase.Encode(shape, codes, [.. numbers.Select(bits => ElementBits.ToSingle(element, bits))]);
            int used = CodedRow.ScaleStart(keyHeads, size) + (4 * keyHeads);
            for (int row = 0; row < rows; row++)
            {
                byte[] own = found[(row * stride)..((row + 1) * stride)];
                if (!slots.Contains(row)) Assert.All(own, x => Assert.Equal(0xAB, x));
                else Near(used, [.. own[..used].Zip(expected[(row * stride)..]).Select(pair => pair.First == pair.Second)], turned);
            }
        }

        // Products and sums of a rotation may be joined otherwise.
        static void Near(int count, bool[] same, int turned) => Assert.True(same.Count(x => !x) <= (turned == 0 ? 0 : count / 20), $"{same.Count(x => !x)} of {count} differ");

        ushort[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => ElementBits.From(element, (float)Math.Pow((random.NextDouble() * 4) - 2, 3)))];

        static byte[] Poison(int count) => [.. Enumerable.Repeat((byte)0xAB, count)];
    }

    /// <summary>Every number of the format, halves between them, and what lies beside those.</summary>
    [Theory]
    [InlineData(nameof(CacheCodes.Int8))]
    [InlineData(nameof(CacheCodes.Float8))]
    public void Append_NumbersAndTiesOfAllCodes_AreRoundedToNearestEven(string codesName)
    {
        CacheCodes codes = Enum.Parse<CacheCodes>(codesName);
        DecodingShape shape = Shape(nameof(CacheElement.BFloat16), 256, 1, 1);
        float largest = codes == CacheCodes.Int8 ? 127 : 448;
        float[] numbers = [.. Enumerable.Range(0, 127).Select(code => CodedCase.NumberOf(codes, (byte)code))];
        float[] all = [.. numbers, .. numbers.Zip(numbers.Skip(1), (a, b) => (a + b) / 2)];
        // Each row with the largest, so that its scale is 1 or as near as can be.
        float[] values = [.. all.SelectMany(x => new[] { x, -x }).Chunk(255).SelectMany(part => part.Append(largest).Concat(new float[256]).Take(256))];
        ushort[] k = [.. values.Select(x => ElementBits.From(shape.Element, x))];
        int tokens = k.Length / 256, stride = CodedRow.Bytes(1, 256);
        using DeviceValues<ushort> there = new(Context, k);
        using DeviceValues<byte> kCodes = new(Context, new byte[tokens * stride]), vCodes = new(Context, new byte[tokens * stride]);
        using DeviceValues<int> slots = new(Context, [.. Enumerable.Range(0, tokens)]);
        new CacheAppend(Context).Run(new CacheAppendArguments
        {
            Element = shape.Element, Codes = codes, Keys = there.Address, Values = there.Address, KeyCache = kCodes.Address, ValueCache = vCodes.Address, Slots = slots.Address, CacheRows = tokens,
            Tokens = tokens, KeyHeads = 1, HeadSize = 256,
        });
        byte[] expected = CodedCase.Encode(shape, codes, [.. k.Select(bits => ElementBits.ToSingle(shape.Element, bits))]);
        Assert.Equal(expected, kCodes.Get());
        Assert.Equal(expected, vCodes.Get());
    }

    [Fact]
    public void Rows_GatheredAndMoved_AreThoseOfTheCache()
    {
        const int rows = 9, keyHeads = 3, size = 80;
        foreach (CacheCodes codes in new[] { CacheCodes.Int8, CacheCodes.Float8 })
        {
            DecodingShape shape = Shape(nameof(CacheElement.Float16), size, keyHeads, 1);
            float[] numbers = [.. Enumerable.Range(0, rows * keyHeads * size).Select(i => MathF.Sin(i * 1.7f) * (1 + (i % 7)))];
            byte[] cache = CodedCase.Encode(shape, codes, numbers);
            int stride = CodedRow.Bytes(keyHeads, size), wide = keyHeads * size;
            using DeviceValues<byte> there = new(Context, cache);
            using DeviceValues<int> sources = new(Context, [4, 0, 8, -1, 9, 2]), heads = new(Context, [0, 1, 2, 2, 1, 0]), targets = new(Context, [7, 5]);
            using DeviceValues<ushort> result = new(Context, new ushort[6 * wide]);
            var kernel = new CodedRows(Context, shape.Element, codes, keyHeads, size);
            kernel.Gather(there.Address, rows, sources.Address, result.Address, 6, 0);
            float[] found = [.. result.Get().Select(bits => ElementBits.ToSingle(shape.Element, bits))];
            Assert.Equal(new[] { 4, 0, 8, -1, 9, 2 }.SelectMany(row => row is < 0 or >= rows ? new float[wide] : numbers[(row * wide)..((row + 1) * wide)]), found);

            kernel.Move(there.Address, rows, heads.Address, targets.Address, 2, 0);
            int[][] taken = [[0, 1, 2], [2, 1, 0]];
            for (int i = 0; i < 2; i++)
            {
                Span<byte> target = cache.AsSpan((i == 0 ? 7 : 5) * stride, stride);
                for (int head = 0; head < keyHeads; head++)
                {
                    ReadOnlySpan<byte> source = cache.AsSpan(taken[i][head] * stride, stride);
                    source.Slice(head * size, size).CopyTo(target[(head * size)..]);
                    source.Slice((keyHeads * size) + (4 * head), 4).CopyTo(target[((keyHeads * size) + (4 * head))..]);
                }
            }

            Assert.Equal(cache, there.Get());
        }
    }

    [Fact]
    public void Arguments_OfACodedCache_HaveNoStrides()
    {
        using DeviceValues<int> some = new(Context, new int[64]);
        var good = new CacheAppendArguments
        {
            Codes = CacheCodes.Int8, Keys = some.Address, Values = some.Address, KeyCache = some.Address, ValueCache = some.Address, Slots = some.Address, CacheRows = 1, Tokens = 1, KeyHeads = 1, HeadSize = 64,
        };
        Assert.Contains("CacheStride", Assert.Throws<ArgumentException>(() => new CacheAppend(Context).Run(good with { KeyCacheStride = 128 })).Message, StringComparison.Ordinal);
        Assert.Contains("HeadSize", Assert.Throws<ArgumentException>(() => new CacheAppend(Context).Run(good with { HeadSize = 272 })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Shape(nameof(CacheElement.BFloat16), 64, 1, 1) with { Codes = (CacheCodes)3 } is var shape ? DecodingPlan.Create(shape, [1], Context.Architecture) : null);
    }

    private protected static DecodingShape Shape(string element, int size, int keyHeads, int group) => new()
    {
        Element = Enum.Parse<CacheElement>(element), HeadSize = size, KeyHeads = keyHeads, Heads = keyHeads * group,
    };
}

public sealed class EmulatedCodedCacheTests : CodedCacheTests, IDisposable
{
    private readonly EmulatedDriver driver = new();
    private readonly CudaContext context;

    public EmulatedCodedCacheTests() => context = new CudaContext(driver, 0);

    protected override CudaContext Context => context;

    [Theory]
    [InlineData(nameof(CacheElement.BFloat16), 128, 4)]
    [InlineData(nameof(CacheElement.Float16), 256, 8)]
    public void Forward_UnderAnySchedule_GivesEqualBitsAndReadsTheCacheOnce(string element, int size, int group)
    {
        var c = new DecodingCase(Shape(element, size, keyHeads: 8, group), [150, 1, 129]); // rows that sectors divide
        var reports = new List<LaunchReport>();
        driver.Launched = reports.Add;
        using var run = new DecodingRun(Context, c, new CacheForm(PageSize: 32, Room: 3), new CodedCase(c, CacheCodes.Float8));
        DecodingPlan plan = DecodingPlan.WithSplits(c.Shape with { Codes = CacheCodes.Float8 }, c.Lengths.ToArray(), [3, 1, 2], Context.Architecture);
        (ushort[] O, float[] LogSumExp) first = run.Forward(plan, poisonWorkspace: false);
        LaunchReport report = reports.Single(x => x.Kernel == "decoding_attention_coded");
        TestContext.Current.SendDiagnosticMessage($"{element} {size}: sectors / cache {32.0 * report.LoadSectors / run.CacheBytes:f3}, instructions per KB {1024.0 * report.Instructions / run.CacheBytes:f1}");
        // Codes once; each head asks for the sector of all heads' scales.
        Assert.InRange(32.0 * report.LoadSectors / run.CacheBytes, 1, 1.3);
        for (int seed = 1; seed <= 2; seed++)
        {
            driver.Options = driver.Options with { Seed = seed, ResidentBlocks = seed };
            DecodingAttentionTests.AssertEqual(first, run.Forward(plan, poisonWorkspace: false));
        }
    }

    public void Dispose()
    {
        context.Dispose();
        driver.Dispose();
    }
}

public sealed class GpuCodedCacheTests : CodedCacheTests
{
    protected override CudaContext Context => KernelHost.OfGpu.Context;
}
