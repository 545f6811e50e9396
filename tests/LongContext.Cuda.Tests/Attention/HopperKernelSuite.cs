using LongContext.Cuda.Attention;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>
/// The Hopper path against the definition, through the launchers. Blocks stay and draw their work, so that few multiprocessors make each of them
/// go from unit to unit, and many make none. Outputs and workspaces are NaN before each run, so is whatever lies between tokens.
/// </summary>
public abstract class HopperKernelSuite
{
    private static readonly GpuArchitecture TwoMultiprocessors = GpuArchitecture.H100 with { MultiprocessorCount = 2 };

    public static TheoryData<int, bool> SizesAndTypes => [.. HopperSizes.SelectMany(size => new[] { (size, false), (size, true) })];

    public static TheoryData<int> Sizes => [.. HopperSizes];

    public static IEnumerable<TheoryDataRow<string, int>> LongNamesAndSizes => AttentionCases.LongNamesAndSizes;

    protected abstract CudaContext Context { get; }

    /// <summary>Between them they hold every kind of border, and tiles without one.</summary>
    internal virtual IReadOnlyList<AttentionCase> Cases { get; } =
    [
        new("pack of groups", [65, 1, 0, 300, 7]) { Heads = 2 },
        new("tiles - 1, tiles, tiles + 1", [127, 128, 129, 191, 192, 193]) { Heads = 2, KeyHeads = 2 },
        new("window", [430, 33]) { WindowLeft = 150 },
        new("both sides of a window", [270, 20]) { WindowLeft = 20, WindowRight = 30 },
        new("fewer and more queries than keys", [3, 0, 65, 9, 5], [150, 20, 329, 2, 0]) { WindowRight = 3 },
        new("cap, not causal", [129, 9]) { Cap = 2, WindowRight = AttentionParameters.NoWindow },
        new("not causal", [260, 80]) { WindowRight = AttentionParameters.NoWindow },
        new("groups of 3", [140, 90]) { Heads = 6, KeyHeads = 2 },
    ];

    private static IEnumerable<int> HopperSizes => HopperTiles.All.Where(shape => shape.Pass == AttentionPass.Forward).Select(shape => shape.HeadSize);

    [Theory]
    [MemberData(nameof(SizesAndTypes))]
    public void Kernels_OfFewMultiprocessors_AreTheDefinition(int headSize, bool float16) => CheckAll(headSize, float16, deterministic: false);

    [Theory]
    [Trait("Category", "Slow")]
    [MemberData(nameof(LongNamesAndSizes))]
    public void Kernels_OverLongPacks_AreTheDefinition(string name, int headSize) =>
        Check(AttentionCases.Long.Concat(AttentionCases.Longest).Single(pack => pack.Name == name) with { HeadSize = headSize }, GpuArchitecture.H100 with { MultiprocessorCount = 5 });

    [Theory]
    [MemberData(nameof(SizesAndTypes))]
    public void Kernels_WhoseQueryGradientIsApart_AreTheDefinition(int headSize, bool float16)
    {
        AttentionCase[] some = [Cases[0], Cases[5]];
        foreach (AttentionCase pack in some) Check(With(pack, headSize, float16) with { Deterministic = true }, TwoMultiprocessors);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Kernels_BesideADocumentOfNaN_GiveTheSameBits(int headSize)
    {
        // Infinite and NaN values before and behind each of the others; the deterministic order, so that the bits can be compared.
        var pack = new AttentionCase("three documents", [170, 40, 67]) { HeadSize = headSize, Deterministic = true };
        var tensors = new AttentionTensors(pack);
        AttentionResults clean = Run(pack, tensors, TwoMultiprocessors);
        foreach (float[] rows in new[] { tensors.Q, tensors.K, tensors.V, tensors.GradientO })
        {
            rows.AsSpan(170 * headSize, 20 * headSize).Fill(float.PositiveInfinity);
            rows.AsSpan(190 * headSize, 20 * headSize).Fill(float.NaN);
        }

        AttentionResults poisoned = Run(pack, tensors, TwoMultiprocessors);
        foreach ((double[] expected, double[] found) in new[]
        {
            (clean.O, poisoned.O), (clean.GradientQ, poisoned.GradientQ), (clean.GradientK, poisoned.GradientK), (clean.GradientV, poisoned.GradientV),
        })
        {
            Assert.Equal(expected[..(170 * headSize)], found[..(170 * headSize)]);
            Assert.Equal(expected[(210 * headSize)..], found[(210 * headSize)..]);
        }

        Assert.Equal(clean.LogSumExp[..170], poisoned.LogSumExp[..170]);
        Assert.Equal(clean.LogSumExp[210..], poisoned.LogSumExp[210..]);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void SumsOfQueryGradients_BesideADocumentOfNaN_StayFinite(int headSize)
    {
        var pack = new AttentionCase("three documents", [70, 40, 67]) { HeadSize = headSize };
        var tensors = new AttentionTensors(pack);
        foreach (float[] rows in new[] { tensors.Q, tensors.K, tensors.V, tensors.GradientO }) rows.AsSpan(70 * headSize, 40 * headSize).Fill(float.NaN);
        AttentionResults results = Run(pack, tensors, TwoMultiprocessors);
        foreach (double[] found in new[] { results.O, results.GradientQ, results.GradientK, results.GradientV })
        {
            Assert.All(found[..(70 * headSize)], x => Assert.True(double.IsFinite(x)));
            Assert.All(found[(110 * headSize)..], x => Assert.True(double.IsFinite(x)));
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Forward_OverManyTilesOfEqualScores_WeighsThemAlike(int headSize) =>
        EqualScores.AssertWeighedAlike(Context, headSize, TwoMultiprocessors, AttentionPath.Hopper);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void DeterministicBackward_InAnotherOrderOfBlocks_GivesTheSameBits(int headSize)
    {
        var pack = new AttentionCase("two documents", [250, 66]) { HeadSize = headSize, Heads = 2, KeyHeads = 2, Deterministic = true };
        var tensors = new AttentionTensors(pack);
        AttentionResults first = Run(pack, tensors, TwoMultiprocessors);
        AttentionResults second = InAnotherOrder(() => Run(pack, tensors, GpuArchitecture.H100 with { MultiprocessorCount = 3 }));
        Assert.Equal(first.O, second.O);
        Assert.Equal(first.LogSumExp, second.LogSumExp);
        Assert.Equal(first.GradientQ, second.GradientQ);
        Assert.Equal(first.GradientK, second.GradientK);
        Assert.Equal(first.GradientV, second.GradientV);
    }

    [Fact]
    public void Kernels_WhoseHeadsGoInSections_AreTheDefinition()
    {
        // A cache that holds nothing: one key head at a time; and one that holds two of four.
        var pack = new AttentionCase("sections", [200, 66]) { HeadSize = 128, Heads = 8, KeyHeads = 4 };
        foreach (long cache in new[] { 1L, 5L * 200 * 128 * 8 })
        {
            GpuArchitecture gpu = TwoMultiprocessors with { L2CacheBytes = cache };
            Check(pack, gpu);
            Check(pack with { Deterministic = true }, gpu);
        }
    }

    [Fact]
    public void Kernels_OverRowsWithoutGaps_AreTheDefinition()
    {
        var pack = new AttentionCase("contiguous", [200]) { HeadSize = 128, Heads = 2, KeyHeads = 2 };
        var tensors = new AttentionTensors(pack);
        Run(pack, tensors, TwoMultiprocessors, gap: 0).AssertNear(Definition.Truth(pack, tensors), Definition.Plain(pack, tensors), pack);
    }

    [Fact]
    public void Counters_AfterALaunch_AreAsBefore()
    {
        // The same plan twice, without anybody setting the counters back between; then as many blocks as units, which draw no further.
        var pack = new AttentionCase("two documents", [200, 66]) { HeadSize = 128, Heads = 2 };
        var tensors = new AttentionTensors(pack);
        AttentionResults truth = Definition.Truth(pack, tensors), plain = Definition.Plain(pack, tensors);
        foreach (GpuArchitecture gpu in new[] { TwoMultiprocessors, GpuArchitecture.H100 })
        {
            using var device = new DeviceAttention(Context, pack, tensors, new AttentionPlan(pack.Shape, gpu, pack.QueryBorders, pack.KeyBorders));
            for (int i = 0; i < 2; i++)
            {
                device.Forward();
                device.Backward();
                device.Results().AssertNear(truth, plain, pack);
            }
        }
    }

    [Fact]
    public void Kernels_WithoutQueriesOrWithoutKeys_WriteZeros()
    {
        foreach (AttentionCase pack in new[] { new AttentionCase("no keys", [5], [0]), new AttentionCase("no queries", [0], [5]), new AttentionCase("nothing", [0], [0]) })
        {
            AttentionCase sized = pack with { HeadSize = 128 };
            AttentionResults results = Run(sized, new AttentionTensors(sized), TwoMultiprocessors);
            Assert.All(results.O.Concat(results.GradientQ).Concat(results.GradientK).Concat(results.GradientV), x => Assert.Equal(0, x));
            Assert.All(results.LogSumExp, x => Assert.Equal(double.NegativeInfinity, x));
        }
    }

    /// <summary>Runs with blocks and warps in another order, where the device lets one choose.</summary>
    private protected virtual AttentionResults InAnotherOrder(Func<AttentionResults> run) => run();

    private protected void CheckAll(int headSize, bool float16, bool deterministic)
    {
        foreach (AttentionCase pack in Cases) Check(With(pack, headSize, float16) with { Deterministic = deterministic }, TwoMultiprocessors);
    }

    private static AttentionCase With(AttentionCase pack, int headSize, bool float16) =>
        pack with { HeadSize = headSize, Element = float16 ? AttentionElement.Float16 : AttentionElement.BFloat16 };

    private protected void Check(AttentionCase pack, GpuArchitecture gpu)
    {
        var tensors = new AttentionTensors(pack);
        Run(pack, tensors, gpu).AssertNear(Definition.Truth(pack, tensors), Definition.Plain(pack, tensors), pack);
    }

    private protected AttentionResults Run(AttentionCase pack, AttentionTensors tensors, GpuArchitecture gpu, int gap = 8)
    {
        var plan = new AttentionPlan(pack.Shape, gpu, pack.QueryBorders, pack.KeyBorders);
        Assert.Equal(AttentionPath.Hopper, plan.ForwardTiles.Path);
        using var device = new DeviceAttention(Context, pack, tensors, plan, gap);
        device.Forward();
        device.Backward();
        return device.Results();
    }
}
