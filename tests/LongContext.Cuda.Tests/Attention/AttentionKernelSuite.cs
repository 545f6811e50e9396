using LongContext.Cuda.Attention;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>
/// The attention kernels against the definition, through their launchers. Outputs and workspaces are NaN before each run, so is whatever lies
/// between tokens. Run over an emulated GPU everywhere and over a real one where there is one.
/// </summary>
public abstract class AttentionKernelSuite
{
    public static TheoryData<int, bool> SizesAndTypes => [.. TileChoice.HeadSizes.SelectMany(size => new[] { (size, false), (size, true) })];

    public static TheoryData<int> Sizes => [.. TileChoice.HeadSizes];

    public static IEnumerable<TheoryDataRow<string, int>> LongNamesAndSizes => AttentionCases.LongNamesAndSizes;

    protected abstract CudaContext Context { get; }

    /// <summary>A GPU with much shared memory, whose instances the device can run.</summary>
    protected virtual GpuArchitecture Large => GpuArchitecture.H100;

    /// <summary>Packs for every instance; between them they hold every kind of border.</summary>
    internal virtual IReadOnlyList<AttentionCase> Cases { get; } =
    [
        new("pack of groups", [65, 1, 0, 130, 7]) { Heads = 2 },
        new("window", [200, 33]) { WindowLeft = 39 },
        new("fewer and more queries than keys", [3, 0, 65, 9, 5], [150, 20, 129, 2, 0]) { WindowRight = 3 },
        new("cap, not causal", [129, 9]) { Cap = 2, WindowRight = AttentionParameters.NoWindow },
    ];

    [Theory]
    [MemberData(nameof(SizesAndTypes))]
    public void Kernels_OfADataCentreGpu_AreTheDefinition(int headSize, bool float16) =>
        CheckAll(headSize, float16, Large, deterministic: float16);

    [Theory]
    [MemberData(nameof(SizesAndTypes))]
    public void Kernels_OfAGpuWithLessSharedMemory_AreTheDefinition(int headSize, bool float16)
    {
        bool same = Enum.GetValues<AttentionPass>().All(
            pass => TileChoice.Of(pass, headSize, GpuArchitecture.Rtx4090) == TileChoice.Of(pass, headSize, Large));
        // The instances are the same there for smaller heads: take the order of sums that the test above did not.
        CheckAll(headSize, float16, GpuArchitecture.Rtx4090, deterministic: same != float16);
    }

    [Theory]
    [Trait("Category", "Slow")]
    [MemberData(nameof(LongNamesAndSizes))]
    public void Kernels_OverLongPacks_AreTheDefinition(string name, int headSize)
    {
        AttentionCase pack = AttentionCases.Long.Concat(AttentionCases.Longest).Single(pack => pack.Name == name) with { HeadSize = headSize };
        var tensors = new AttentionTensors(pack);
        Run(pack, tensors, Large).AssertNear(Definition.Truth(pack, tensors), Definition.Plain(pack, tensors), pack);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void ReferenceKernels_OverPacks_AreTheDefinition(int headSize)
    {
        foreach (AttentionCase small in Cases)
        {
            AttentionCase pack = small with { HeadSize = headSize, Element = headSize % 3 == 0 ? AttentionElement.Float16 : AttentionElement.BFloat16 };
            var tensors = new AttentionTensors(pack);
            using var device = new DeviceAttention(Context, pack, tensors, new AttentionPlan(pack.Shape, Large, pack.QueryBorders, pack.KeyBorders, path: AttentionPath.Portable));
            device.ReferenceForward();
            device.ReferenceBackward();
            device.Results().AssertNear(Definition.Truth(pack, tensors), Definition.Plain(pack, tensors), pack);
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Kernels_BesideADocumentOfNaN_GiveTheSameBits(int headSize)
    {
        var pack = new AttentionCase("three documents", [70, 40, 67]) { HeadSize = headSize, Deterministic = true };
        var tensors = new AttentionTensors(pack);
        AttentionResults clean = Run(pack, tensors, Large);
        foreach (float[] rows in new[] { tensors.Q, tensors.K, tensors.V, tensors.GradientO })
            rows.AsSpan(70 * headSize, 40 * headSize).Fill(float.NaN);
        AttentionResults poisoned = Run(pack, tensors, Large);
        foreach ((double[] expected, double[] found) in new[]
        {
            (clean.O, poisoned.O), (clean.GradientQ, poisoned.GradientQ), (clean.GradientK, poisoned.GradientK), (clean.GradientV, poisoned.GradientV),
        })
        {
            Assert.Equal(expected[..(70 * headSize)], found[..(70 * headSize)]);
            Assert.Equal(expected[(110 * headSize)..], found[(110 * headSize)..]);
            Assert.All(found[(70 * headSize)..(110 * headSize)], x => Assert.True(double.IsNaN(x)));
        }

        Assert.Equal(clean.LogSumExp[..70], poisoned.LogSumExp[..70]);
        Assert.Equal(clean.LogSumExp[110..], poisoned.LogSumExp[110..]);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Forward_OverManyTilesOfEqualScores_WeighsThemAlike(int headSize) =>
        EqualScores.AssertWeighedAlike(Context, headSize, Large, AttentionPath.Portable);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void DeterministicBackward_InAnotherOrderOfBlocks_GivesTheSameBits(int headSize)
    {
        var pack = new AttentionCase("two documents", [150, 66]) { HeadSize = headSize, Heads = 2, Deterministic = true };
        var tensors = new AttentionTensors(pack);
        AttentionResults first = Run(pack, tensors, Large);
        AttentionResults second = InAnotherOrder(() => Run(pack, tensors, Large));
        Assert.Equal(first.O, second.O);
        Assert.Equal(first.LogSumExp, second.LogSumExp);
        Assert.Equal(first.GradientQ, second.GradientQ);
        Assert.Equal(first.GradientK, second.GradientK);
        Assert.Equal(first.GradientV, second.GradientV);
    }

    [Fact]
    public void Kernels_WithoutAToken_WriteNothing()
    {
        var pack = new AttentionCase("nothing", [0, 0]);
        AttentionResults results = Run(pack, new AttentionTensors(pack), Large);
        Assert.Empty(results.O);
    }

    [Fact]
    public void Kernels_OverRowsWithoutGaps_AreTheDefinition()
    {
        var pack = new AttentionCase("contiguous", [100]) { Heads = 2, KeyHeads = 2 };
        var tensors = new AttentionTensors(pack);
        Run(pack, tensors, Large, gap: 0).AssertNear(Definition.Truth(pack, tensors), Definition.Plain(pack, tensors), pack);
    }

    /// <summary>Runs with blocks and warps in another order, where the device lets one choose.</summary>
    private protected virtual AttentionResults InAnotherOrder(Func<AttentionResults> run) => run();

    private protected AttentionResults Run(AttentionCase pack, AttentionTensors tensors, GpuArchitecture gpu, int gap = 8)
    {
        using var device = new DeviceAttention(Context, pack, tensors, new AttentionPlan(pack.Shape, gpu, pack.QueryBorders, pack.KeyBorders, path: AttentionPath.Portable), gap);
        device.Forward();
        device.Backward();
        return device.Results();
    }

    private void CheckAll(int headSize, bool float16, GpuArchitecture gpu, bool deterministic)
    {
        foreach (AttentionCase small in Cases)
        {
            AttentionCase pack = small with
            {
                HeadSize = headSize, Deterministic = deterministic, Element = float16 ? AttentionElement.Float16 : AttentionElement.BFloat16,
            };
            var tensors = new AttentionTensors(pack);
            Run(pack, tensors, gpu).AssertNear(Definition.Truth(pack, tensors), Definition.Plain(pack, tensors), pack);
        }
    }
}
