using LongContext.Cuda.Attention;
using LongContext.Cuda.Driver;
using LongContext.TestSupport;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>The tiled algorithm, walked in C#, against the definition in float64.</summary>
public sealed class TiledWalkTests
{
    private static readonly GpuArchitecture[] Gpus = [GpuArchitecture.A100, GpuArchitecture.Rtx4090, GpuArchitecture.H100];

    public static TheoryData<int, bool> SizesAndOrders =>
        [.. TileChoice.HeadSizes.SelectMany(size => new[] { (size, false), (size, true) })];

    public static TheoryData<string> LongNames => [.. AttentionCases.Long.Select(pack => pack.Name)];

    public static IEnumerable<TheoryDataRow<string>> LongestNames => SlowTests.Rows(AttentionCases.Longest.Select(pack => pack.Name));

    [Theory]
    [MemberData(nameof(SizesAndOrders))]
    public void Run_OverSmallPacks_IsTheDefinition(int headSize, bool deterministic)
    {
        foreach (AttentionCase small in AttentionCases.Small)
        {
            foreach (AttentionElement element in Enum.GetValues<AttentionElement>())
            {
                AttentionCase pack = small with { HeadSize = headSize, Deterministic = deterministic, Element = element };
                Check(pack, Gpus[(headSize + (int)element) % 2]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(LongNames))]
    public void Run_OverLongPacks_IsTheDefinition(string name) =>
        Check(AttentionCases.Long.Single(pack => pack.Name == name) with { HeadSize = 128 }, GpuArchitecture.H100);

    [Theory]
    [Trait("Category", "Slow")]
    [MemberData(nameof(LongestNames))]
    public void Run_OverTheLongestPacks_IsTheDefinition(string name) =>
        Check(AttentionCases.Longest.Single(pack => pack.Name == name), GpuArchitecture.A100);

    private static void Check(AttentionCase pack, GpuArchitecture gpu)
    {
        var tensors = new AttentionTensors(pack);
        var plan = new AttentionPlan(pack.Shape, gpu, pack.QueryBorders, pack.KeyBorders);
        TiledWalk.Run(pack, tensors, plan).AssertNear(Definition.Truth(pack, tensors), Definition.Plain(pack, tensors), pack);
    }
}
