using LongContext.Data;

namespace LongContext.Evaluation.Strategies.Compression;

public class UnitSelectionTests
{
    [Theory]
    [InlineData(30, "a long unit. b.cc.dddd.")]
    [InlineData(10, "b.cc.dddd.")]    // the best does not fit: those behind it do
    [InlineData(6, "b.cc.")]
    [InlineData(4, "b.")]             // b alone comes before cc
    [InlineData(1, "a")]              // none fits: the beginning of the best
    [InlineData(0, "")]
    public void Choose_UnitThatDoesNotFit_IsPassedOver(int most, string expected) =>
        Assert.Equal(expected, UnitSelection.Choose("a long unit. b.cc.dddd.", [13, 15, 18, 23], [0, 1, 2, 3], text => text.Length <= most));

    [Fact]
    public void Choose_NoneFits_CutsNoCharacter()
    {
        Assert.Equal("x", UnitSelection.Choose("x😀😀", [5], [0], text => text.Length <= 2));
        Assert.Equal("x😀", UnitSelection.Choose("x😀😀", [5], [0], text => text.Length <= 3));
    }

    [Fact]
    public void Choose_RandomUnits_AreThoseThatTakingOneByOneGives()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            SplitMix64 random = new(seed, 3);
            int[] lengths = [.. Enumerable.Range(0, 12).Select(_ => 1 + random.NextInt(9))];
            int end = 0, most = 3 + random.NextInt(40);
            int[] ends = [.. lengths.Select(length => end += length)];
            string text = string.Concat(lengths.Select((length, i) => new string((char)('a' + i), length)));
            int[] best = [.. Enumerable.Range(0, 12).OrderBy(_ => random.NextDouble())];
            HashSet<int> kept = [];
            foreach (int unit in best)
            {
                if (kept.Sum(each => lengths[each]) + lengths[unit] <= most) kept.Add(unit);
            }

            string chosen = UnitSelection.Choose(text, ends, best, candidate => candidate.Length <= most);
            if (kept.Count > 0) Assert.Equal(string.Concat(text.Where(letter => kept.Contains(letter - 'a'))), chosen);
            else Assert.Equal(new string((char)('a' + best[0]), most), chosen);
        }
    }

    [Fact]
    public void Choose_ManyUnits_AreCountedSeldom()
    {
        string text = new('x', 20_000);
        int counted = 0;
        string chosen = UnitSelection.Choose(text, [.. Enumerable.Range(1, 20_000)], [.. Enumerable.Range(0, 20_000)], candidate => ++counted > 0 && candidate.Length <= 5_000);
        Assert.Equal(5_000, chosen.Length);
        Assert.InRange(counted, 1, 60);
    }
}
