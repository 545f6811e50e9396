using LongContext.Data.Examples;
using LongContext.TestSupport;

namespace LongContext.Data.Cleaning;

public sealed class ExclusionListTests
{
    private static TrainingExample[] Examples() =>
        [.. Enumerable.Range(0, 12).Select(i => new TextExample($"text {i}") { Origin = i == 7 ? null : new RecordOrigin(i < 6 ? "a" : "b", i % 6) })];

    private static string[] Take(IDataSource<TrainingExample> source)
    {
        List<string> taken = [];
        while (source.Next(TestContext.Current.CancellationToken) is { } example) taken.Add(((TextExample)example).Text[5..]);
        return [.. taken];
    }

    private static ExclusionList List(params (string Path, long Number)[] origins)
    {
        ExclusionList list = new();
        foreach ((string path, long number) in origins) list.Add(new RecordOrigin(path, number), "why");
        return list;
    }

    [Fact]
    public void Without_Origins_LeavesOutThem()
    {
        ExclusionList list = List(("a", 0), ("a", 3), ("b", 1), ("b", 5), ("c", 2));
        IDataSource<TrainingExample> source = DataSource.FromList(Examples(), seed: null).Without(list);
        list.Add(new RecordOrigin("a", 1), "too late");
        // b's number 1 is item 7, which has no origin.
        Assert.Equal(["1", "2", "4", "5", "6", "7", "8", "9", "10"], Take(source));
        Assert.Null(source.Next(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Without_StoppedAnywhere_GoesOn()
    {
        IDataSource<TrainingExample> Make() => DataSource.FromList(Examples(), seed: 3, epochs: 2).Without(List(("a", 0), ("a", 3), ("b", 2)));
        string[] whole = Take(Make());
        Assert.Equal(18, whole.Length);
        for (int stop = 0; stop <= whole.Length; stop++)
        {
            IDataSource<TrainingExample> first = Make(), second = Make();
            for (int i = 0; i < stop; i++) first.Next(TestContext.Current.CancellationToken);
            second.Next(TestContext.Current.CancellationToken);
            second.Restore(first.Capture().ThroughAFile());
            Assert.Equal(whole[stop..], Take(second));
        }
    }

    [Fact]
    public void Without_AnotherList_RefusesTheState()
    {
        StreamState state = DataSource.FromList(Examples()).Without(List(("a", 0))).Capture();
        Assert.Contains("identity was without 1 origins", Assert.Throws<ArgumentException>(() => DataSource.FromList(Examples()).Without(List(("a", 1))).Restore(state)).Message, StringComparison.Ordinal);
        Assert.Contains("here it is without 2 origins", Assert.Throws<ArgumentException>(() => DataSource.FromList(Examples()).Without(List(("a", 0), ("a", 1))).Restore(state)).Message, StringComparison.Ordinal);
        // The order of a list is no matter.
        StreamState two = DataSource.FromList(Examples()).Without(List(("a", 0), ("b", 1))).Capture();
        DataSource.FromList(Examples()).Without(List(("b", 1), ("a", 0))).Restore(two);
    }

    [Fact]
    public void Identity_IsThatOfTheSet()
    {
        Assert.Equal(List(("a", 0), ("b", 1)).Identity, List(("b", 1), ("a", 0)).Identity);
        Assert.Equal(4, new[] { List(), List(("a", 0)), List(("a", 1)), List(("b", 0)) }.Select(list => list.Identity).Distinct().Count());
        ExclusionList grows = List(("a", 0));
        string before = grows.Identity;
        grows.Add(new RecordOrigin("c", 1), "why");
        Assert.NotEqual(before, grows.Identity);
    }

    [Fact]
    public void Save_Load_KeepsAll()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        ExclusionList list = new();
        Assert.True(list.Add(new RecordOrigin("dir/ä \"x\".jsonl", 7), "the same as \n line 2"));
        Assert.True(list.Add(new RecordOrigin("b", long.MaxValue) { Unit = "row" }, ""));
        Assert.False(list.Add(new RecordOrigin("b", long.MaxValue), "again"));
        list.Save(folder["list.jsonl"]);
        ExclusionList read = ExclusionList.Load(folder["list.jsonl"]);
        Assert.Equal(list.Origins, read.Origins);
        Assert.Equal(list.Origins.Select(list.ReasonFor), read.Origins.Select(read.ReasonFor));
        Assert.Equal(2, File.ReadAllLines(folder["list.jsonl"]).Length);
        Assert.True(read.Contains(new RecordOrigin("b", long.MaxValue)));
        Assert.False(read.Contains(new RecordOrigin("b", 1)));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(folder["list.jsonl"])!));

        ExclusionList more = List(("c", 1), ("b", long.MaxValue));
        more.AddAll(read);
        Assert.Equal(3, more.Count);
        Assert.Equal("why", more.ReasonFor(new RecordOrigin("b", long.MaxValue)));
    }

    [Theory]
    [InlineData("{\"path\":\"a\",\"number\":1}\n\n[1]", "line 3: expected a JSON object")]
    [InlineData("{\"path\":1,\"number\":1}", "line 1: expected a text \"path\"")]
    [InlineData("{\"path\":\"a\",\"number\":1.5}", "line 1: expected a whole \"number\"")]
    [InlineData("{\"path\":\"a\",\"number\":1,\"reason\":[]}", "line 1: expected \"reason\" to be a text")]
    [InlineData("{\"path\":\"a\"", "line 1: not valid JSON")]
    [InlineData("{\"path\":\"a\",\"path\":\"b\",\"number\":1}", "line 1: not")]
    public void Load_BadLine_NamesIt(string content, string expected)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllText(folder["list.jsonl"], content);
        Assert.Contains(expected, Assert.Throws<DataFormatException>((Action)(() => ExclusionList.Load(folder["list.jsonl"]))).Message, StringComparison.Ordinal);
    }
}
