using LongContext.Chat;

namespace LongContext.Data.Examples;

public sealed class HeldOutSplitTests
{
    private static TextExample[] Texts(int count) => [.. Enumerable.Range(0, count).Select(i => new TextExample($"text {i}") { Origin = new RecordOrigin("a.jsonl", i), Properties = new Dictionary<string, string> { ["book"] = $"{i / 10}" } })];

    private static IDataSource<TrainingExample> Source(IEnumerable<TrainingExample> examples) => DataSource.FromList<TrainingExample>([.. examples], seed: null);

    private static TrainingExample[] All(IDataSource<TrainingExample> source) => [.. source.AsEnumerable(TestContext.Current.CancellationToken)];

    [Fact]
    public void Sides_OfASplit_AreDisjointAndTogetherAll()
    {
        TextExample[] texts = Texts(10_000);
        HeldOutSplit split = new(0.05);
        TrainingExample[] training = All(Source(texts).WithoutHeldOut(split)), heldOut = All(Source(texts).OnlyHeldOut(split));
        // Of 10,000 coins that fall at 1 in 20: 500, standard deviation 22.
        Assert.InRange(heldOut.Length, 400, 600);
        Assert.Equal(texts, training.Concat(heldOut).OrderBy(example => example.Origin!.Number));
        // In another order, beside other data, elsewhere: the same ones.
        TrainingExample[] elsewhere = All(Source(Texts(20_000).Reverse().Select(text => text with { Origin = null })).OnlyHeldOut(new HeldOutSplit(0.05)));
        Assert.Superset(heldOut.Select(Text).ToHashSet(), elsewhere.Select(Text).ToHashSet());
        Assert.NotEqual(heldOut, All(Source(texts).OnlyHeldOut(new HeldOutSplit(0.05, seed: 1))));
        // More is held out, and what was stays.
        Assert.Superset(heldOut.Select(Text).ToHashSet(), All(Source(texts).OnlyHeldOut(new HeldOutSplit(0.2))).Select(Text).ToHashSet());

        static string Text(TrainingExample example) => ((TextExample)example).Text;
    }

    [Fact]
    public void Keys_OfExamplesThatBelongTogether_AreNotDivided()
    {
        TextExample[] texts = Texts(3000);
        HeldOutSplit byBook = new(0.3, key: example => example.Properties["book"], identity: "book");
        TrainingExample[] heldOut = All(Source(texts).OnlyHeldOut(byBook));
        Assert.All(heldOut.GroupBy(example => example.Properties["book"]), book => Assert.Equal(10, book.Count()));
        Assert.InRange(heldOut.Length, 600, 1200);
        // Copies of a text, whatever form they have, are on one side.
        HeldOutSplit byText = new(0.5);
        for (int i = 0; i < 50; i++)
            Assert.Equal(byText.IsHeldOut(new TextExample($"q{i}\na{i}")), byText.IsHeldOut(new ChatExample([ChatTurn.User($"q{i}"), ChatTurn.Assistant($"a{i}")])));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 100)]
    public void Share_AtItsEnds_HoldsOutNothingOrAll(double share, int expected) => Assert.Equal(expected, All(Source(Texts(100)).OnlyHeldOut(new HeldOutSplit(share))).Length);

    [Fact]
    public void States_OfAnotherSplitOrSide_AreRefused()
    {
        HeldOutSplit split = new(0.5);
        StreamState state = Source(Texts(9)).WithoutHeldOut(split).Capture();
        Source(Texts(9)).WithoutHeldOut(new HeldOutSplit(0.5)).Restore(state);
        Assert.Throws<ArgumentException>(() => Source(Texts(9)).OnlyHeldOut(split).Restore(state));
        foreach (HeldOutSplit other in new HeldOutSplit[] { new(0.4), new(0.5, seed: 1), new(0.5, key: _ => "k"), new(0.5, key: _ => "k", identity: "k") })
            Assert.Throws<ArgumentException>(() => Source(Texts(9)).WithoutHeldOut(other).Restore(state));
    }

    [Fact]
    public void BadInput_IsRefused()
    {
        foreach (double share in new[] { -0.1, 1.1, double.NaN }) Assert.Throws<ArgumentOutOfRangeException>("share", () => new HeldOutSplit(share));
        Assert.Contains("a.jsonl, line 3", Assert.Throws<InvalidOperationException>(() => new HeldOutSplit(0.5, key: _ => null!).IsHeldOut(Texts(4)[3])).Message, StringComparison.Ordinal);
    }
}
