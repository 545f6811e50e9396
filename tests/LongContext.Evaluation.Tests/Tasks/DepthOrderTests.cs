namespace LongContext.Evaluation.Tasks;

public sealed class DepthOrderTests
{
    [Fact]
    public void Of_EveryNumberOfDepths_ComesToEachCellOnceAndToEachDepthBeforeOneAgain()
    {
        for (int depths = 1; depths <= 200; depths++)
        {
            (int Depth, int Version)[] cells = [.. DepthOrder.Of(depths, 3)];
            Assert.Equal(depths * 3, cells.Distinct().Count());
            Assert.Equal(Enumerable.Range(0, depths), cells.Take(depths).Select(cell => cell.Depth).Order());
            Assert.All(cells, cell => Assert.InRange(cell.Depth, 0, depths - 1));
        }
    }

    [Fact]
    public void Of_TheFirstEight_AreSpreadOverTheWholeText()
    {
        // Of 35 depths the first eight leave no gap of more than a quarter of the text.
        int[] first = [.. DepthOrder.Of(35, 1).Take(8).Select(cell => cell.Depth).Order()];
        Assert.InRange(first[0], 0, 8);
        Assert.InRange(first[^1], 26, 34);
        Assert.All(first.Zip(first.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 1, 9));
    }

    [Fact]
    public void Of_NoDepth_IsNothing() => Assert.Empty(DepthOrder.Of(0, 3));
}
