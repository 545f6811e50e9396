using LongContext.Cuda.Decoding;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Decoding;

/// <summary>
/// Decoding against its definition in float64. Error: at most twice that of a plain computation of the same precision, and float32's
/// rounding of the greatest result, for where the plain one happens to round to the very truth.
/// </summary>
public abstract class DecodingAttentionTests
{
    public static TheoryData<string, int> Formats
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (int size in DecodingShape.HeadSizes)
            {
                data.Add(nameof(CacheElement.BFloat16), size);
                data.Add(nameof(CacheElement.Float16), size);
            }

            return data;
        }
    }

    /// <summary>Where the kernels run.</summary>
    protected abstract CudaContext Context { get; }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Forward_ManyLengths_IsTheDefinition(string element, int size)
    {
        DecodingShape shape = Shape(element, size, keyHeads: 2, group: 4);
        var c = new DecodingCase(shape, [1, 7, 63, 64, 65, 0, 127, 128, 129, 1000]);
        AssertRight(c);
        AssertRight(c, new CacheForm(PageSize: 16, Room: 5));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Forward_OneLongAndSomeShort_IsTheDefinition(string element, int size) =>
        AssertRight(new DecodingCase(Shape(element, size, keyHeads: 1, group: 3, tokens: 2), [4097, 3, 0, 500]), new CacheForm(PageSize: 64, Room: 3));

    [Theory]
    [CombinatorialGroups]
    public void Forward_AnyGroupAndTokens_IsTheDefinition(int group, int tokens)
    {
        // Fewer keys than tokens, too: the first queries then see nothing.
        AssertRight(new DecodingCase(Shape(nameof(CacheElement.BFloat16), 64, keyHeads: 2, group, tokens), [150, 5, 33]));
        AssertRight(new DecodingCase(Shape(nameof(CacheElement.Float16), 80, keyHeads: 1, group, tokens), [70, 200], [tokens, (tokens + 1) / 2]), new CacheForm(16));
    }

    [Theory]
    [InlineData(64, 128)]
    [InlineData(128, 64)]
    [InlineData(256, 48)]
    public void Forward_SomeSequencesWithoutQueries_LeavesTheOthersRight(int size, int length) =>
        AssertRight(new DecodingCase(Shape(nameof(CacheElement.BFloat16), size, keyHeads: 1, group: 2, tokens: 5), [length, length + 1, 9, 300], [0, 5, 1, 3]));

    [Theory]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(128)]
    [InlineData(256)]
    public void Forward_PagedAndContiguous_GiveEqualBits(int pageSize)
    {
        var c = new DecodingCase(Shape(nameof(CacheElement.BFloat16), 96, keyHeads: 2, group: 2, tokens: 2), [700, 1, 255, 256, 257]);
        (ushort[] O, float[] LogSumExp) contiguous = AssertRight(c);
        AssertEqual(contiguous, AssertRight(c, new CacheForm(pageSize, Room: 7)));
        AssertEqual(contiguous, AssertRight(c, new CacheForm(pageSize, Room: 1, Apart: 64)));
        AssertEqual(contiguous, AssertRight(c, new CacheForm(Room: 40, Apart: 192)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(100)]
    [InlineData(1000)]
    [InlineData(int.MaxValue)]
    public void Forward_InAWindow_SeesItAlone(int window)
    {
        foreach (int tokens in new[] { 1, 7 })
        {
            DecodingShape shape = Shape(nameof(CacheElement.Float16), 64, keyHeads: 2, group: 4, tokens) with { WindowLeft = window };
            var c = new DecodingCase(shape, [1, 64, 200, 1025, 4]);
            AssertRight(c);
            AssertRight(c, new CacheForm(PageSize: 16, Room: 2));
            AssertRight(c, plan: DecodingPlan.WithSplits(shape, c.Lengths.ToArray(), [3, 1, 2, 5, 2], Context.Architecture));
        }
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(30f)]
    public void Forward_UnderASoftCap_IsTheDefinition(float cap)
    {
        // Keys so wide that scores go far beyond the cap, where tanh is flat, and far below it.
        var shape = Shape(nameof(CacheElement.BFloat16), 128, keyHeads: 1, group: 8);
        AssertRight(new DecodingCase(shape, [300, 17], softCap: cap, keySpread: 20));
        AssertRight(new DecodingCase(shape with { WindowLeft = 90, MaxQueryTokens = 3 }, [300, 17], softCap: cap));
    }

    [Fact]
    public void Forward_ScoresFarApart_DoesNotOverflow() =>
        AssertRight(new DecodingCase(Shape(nameof(CacheElement.BFloat16), 64, keyHeads: 1, group: 2), [400], keySpread: 100));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(40)]
    public void Forward_AnyNumberOfSplits_IsTheDefinition(int splits)
    {
        foreach (int size in DecodingShape.HeadSizes)
        {
            var c = new DecodingCase(Shape(nameof(CacheElement.Float16), size, keyHeads: 2, group: 2, tokens: 2), [450, 0, 64, 1]);
            AssertRight(c, plan: DecodingPlan.WithSplits(c.Shape, c.Lengths.ToArray(), [splits, splits, 1, splits], Context.Architecture));
        }
    }

    [Fact]
    public void Forward_PlanOfOtherLengths_IsTheDefinition()
    {
        DecodingShape shape = Shape(nameof(CacheElement.BFloat16), 128, keyHeads: 2, group: 4);
        DecodingPlan plan = DecodingPlan.Create(shape, [600, 60, 0], Context.Architecture);
        foreach (int[] lengths in new int[][] { [601, 61, 1], [640, 100, 65], [3000, 60, 500], [1, 2, 3], [0, 0, 0] }) AssertRight(new DecodingCase(shape, lengths), plan: plan);
    }

    [Fact]
    public void Forward_PlansOfOneCapacity_LaunchTheSameGrid()
    {
        DecodingShape shape = Shape(nameof(CacheElement.BFloat16), 64, keyHeads: 1, group: 1);
        var plans = new List<DecodingPlan>();
        foreach (int[] lengths in new int[][] { [600, 60, 1], [5, 5, 5] })
        {
            var c = new DecodingCase(shape, lengths);
            plans.Add(DecodingPlan.Create(shape, lengths, Context.Architecture, capacity: 24));
            AssertRight(c, plan: plans[^1]);
        }

        Assert.Equal((plans[0].Blocks, plans[0].CombineBlocks, plans[0].WordBytes, plans[0].WorkspaceBytes), (plans[1].Blocks, plans[1].CombineBlocks, plans[1].WordBytes, plans[1].WorkspaceBytes));
        Assert.NotEqual(plans[0].Words.ToArray(), plans[1].Words.ToArray());
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Reference_OfAllFormats_IsTheDefinition(string element, int size)
    {
        DecodingShape shape = Shape(element, size, keyHeads: 2, group: 2, tokens: 3) with { WindowLeft = 50 };
        var c = new DecodingCase(shape, [1, 2, 0, 100], softCap: 20);
        using var run = new DecodingRun(Context, c, new CacheForm(PageSize: 16, Room: 2));
        AssertRight(c, run.Reference());
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Kernel_OfEveryFormat_LeavesRegistersForTheBlocksPlanned(string element, int size)
    {
        string format = $"{(element == nameof(CacheElement.BFloat16) ? "bf16" : "f16")}_{size}";
        foreach (string role in new[] { "attention", "attention_coded", "combine" })
        {
            CudaFunction kernel = Context.GetKernel($"sm_80/decoding_{role}_{format}", $"decoding_{role}");
            int blocks = DecodingTile.BlocksPerMultiprocessor(size, Context.Architecture, role == "attention_coded");
            TestContext.Current.TestOutputHelper?.WriteLine($"{role}: {kernel.Registers} registers, {kernel.LocalBytes} bytes local, {blocks} blocks");
            Assert.Equal(0, kernel.LocalBytes);
            Assert.InRange(blocks * DecodingTile.Threads * ((kernel.Registers + 7) / 8 * 8), 1, Context.Architecture.RegistersPerMultiprocessor);
        }
    }

    [Fact]
    public void Forward_Twice_GivesEqualBits()
    {
        var c = new DecodingCase(Shape(nameof(CacheElement.BFloat16), 128, keyHeads: 2, group: 4), [900, 300]);
        using var run = new DecodingRun(Context, c);
        AssertEqual(run.Forward(), run.Forward());
    }

    internal static void AssertEqual((ushort[] O, float[] LogSumExp) expected, (ushort[] O, float[] LogSumExp) actual)
    {
        Assert.Equal(expected.O, actual.O);
        Assert.Equal(expected.LogSumExp, actual.LogSumExp);
    }

    private protected static DecodingShape Shape(string element, int size, int keyHeads, int group, int tokens = 1) => new()
    {
        Element = Enum.Parse<CacheElement>(element), HeadSize = size, KeyHeads = keyHeads, Heads = keyHeads * group, MaxQueryTokens = tokens,
    };

    private protected (ushort[] O, float[] LogSumExp) AssertRight(DecodingCase c, CacheForm? form = null, DecodingPlan? plan = null)
    {
        using var run = new DecodingRun(Context, c, form);
        (ushort[] O, float[] LogSumExp) result = run.Forward(plan);
        AssertRight(c, result);
        return result;
    }

    internal static void AssertRight(DecodingCase c, (ushort[] O, float[] LogSumExp) result)
    {
        DecodingOracle exact = DecodingOracle.Exact(c), plain = DecodingOracle.Plain(c);
        CacheElement element = c.Shape.Element;
        double greatest = 0, plainError = 0, error = 0;
        for (int i = 0; i < exact.O.Length; i++)
        {
            float value = ElementBits.ToSingle(element, result.O[i]);
            Assert.False(float.IsNaN(value), $"result {i} of {exact.O.Length} is NaN");
            greatest = Math.Max(greatest, Math.Abs(exact.O[i]));
            plainError = Math.Max(plainError, Math.Abs(plain.O[i] - exact.O[i]));
            error = Math.Max(error, Math.Abs(value - exact.O[i]));
        }

        double floor = greatest * 1e-6;
        TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant($"error {error:g3}, plain {plainError:g3}, floor {floor:g3}"));
        Assert.True(error <= (2 * plainError) + floor, $"error {error}, of the plain computation {plainError}, floor {floor}");
        for (int i = 0; i < exact.LogSumExp.Length; i++)
        {
            double expected = exact.LogSumExp[i], bound = 3e-6 * (1 + Math.Abs(expected));
            if (double.IsInfinity(expected)) Assert.Equal(expected, result.LogSumExp[i]);
            else Assert.True(Math.Abs(result.LogSumExp[i] - expected) <= bound, $"log-sum-exp {i} is {result.LogSumExp[i]}, expected {expected}");
        }
    }

    /// <summary>Group ratios and query tokens of the issue.</summary>
    private sealed class CombinatorialGroupsAttribute : Xunit.v3.DataAttribute
    {
        public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(System.Reflection.MethodInfo testMethod, Xunit.Sdk.DisposalTracker disposalTracker) =>
            new([.. from @group in new[] { 1, 2, 4, 7, 8, 16 } from tokens in new[] { 1, 2, 5, 16 } select new TheoryDataRow<int, int>(@group, tokens)]);

        public override bool SupportsDiscoveryEnumeration() => true;
    }
}
