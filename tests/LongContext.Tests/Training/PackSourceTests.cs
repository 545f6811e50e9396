using LongContext.Packing;
using LongContext.Training;

namespace LongContext.Tests.Training;

public sealed class PackSourceTests
{
    private static readonly PackedBatch[] Packs = [.. Enumerable.Range(0, 12).Select(i => PackedBatch.CreatePrompt(new[] { i }))];

    [Fact]
    public void FromList_EachPass_HoldsEveryPackOnceInItsOwnOrder()
    {
        int[] walk = Walk(PackSource.FromList(Packs, seed: 3), 0, 36);
        int[][] passes = [walk[..12], walk[12..24], walk[24..]];
        Assert.All(passes, pass => Assert.Equal(Enumerable.Range(0, 12), pass.Order()));
        Assert.NotEqual(passes[0], passes[1]);
        Assert.NotEqual(passes[1], passes[2]);
        Assert.NotEqual(Enumerable.Range(0, 12), passes[0]);
    }

    [Fact]
    public void FromList_SameSeed_GivesTheSameOrderFromAnywhere()
    {
        int[] walk = Walk(PackSource.FromList(Packs, seed: -7), 0, 40);
        Assert.Equal(walk, Walk(PackSource.FromList(Packs, seed: -7), 0, 40));
        Assert.Equal(walk[29..], Walk(PackSource.FromList(Packs, seed: -7), 29, 11));
        Assert.NotEqual(walk, Walk(PackSource.FromList(Packs, seed: 8), 0, 40));
        IPackSource back = PackSource.FromList(Packs, seed: -7);
        Assert.Equal(walk.Reverse(), Enumerable.Range(0, 40).Reverse().Select(i => back.GetPack(i).InputIds.Span[0]));
    }

    [Fact]
    public void FromList_WithoutSeed_KeepsTheListsOrder()
    {
        IPackSource source = PackSource.FromList(Packs, seed: null);
        Assert.Equal(12, source.Count);
        Assert.Equal(Enumerable.Range(0, 30).Select(i => i % 12), Walk(source, 0, 30));
    }

    [Fact]
    public void FromFunction_Numbers_ArePassedOn()
    {
        IPackSource source = PackSource.FromFunction(index => PackedBatch.CreatePrompt(new[] { (int)(index * index) }));
        Assert.Null(source.Count);
        Assert.Equal([25, 36], Walk(source, 5, 2));
        Assert.Equal(9, PackSource.FromFunction(_ => Packs[0], count: 9).Count);
    }

    [Fact]
    public void From_BadInput_IsRefused()
    {
        ArgumentException e = Assert.Throws<ArgumentException>("packs", () => PackSource.FromList([]));
        Assert.Contains("empty", e.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>("packs", () => PackSource.FromList(null!));
        Assert.Throws<ArgumentNullException>("getPack", () => PackSource.FromFunction(null!));
        Assert.Throws<ArgumentOutOfRangeException>("count", () => PackSource.FromFunction(_ => Packs[0], count: 0));
        Assert.Throws<ArgumentOutOfRangeException>("index", () => PackSource.FromList(Packs).GetPack(-1));
    }

    private static int[] Walk(IPackSource source, int from, int count) =>
        [.. Enumerable.Range(from, count).Select(i => source.GetPack(i).InputIds.Span[0])];
}
