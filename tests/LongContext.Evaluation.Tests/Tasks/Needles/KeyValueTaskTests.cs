using System.IO.Compression;
using System.Text.Json;
using LongContext.Data;

namespace LongContext.Evaluation.Tasks.Needles;

public sealed class KeyValueTaskTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("pairs").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void CreateItems_Defaults_AreThePapersNumbersAndPositions()
    {
        KeyValueTask task = new(new KeyValueTaskOptions { ItemsPerCell = 2 });
        EvaluationItem[] items = [.. task.CreateItems(PieceTokenizer.WordLevel)];
        Assert.Equal(2 * (4 + 5 + 7), items.Length);
        Assert.Equal(items.Length, task.ItemCount);
        Assert.Equal(items.Length, items.Select(item => item.Id).Distinct().Count());
        string[] Positions(int pairs, int count) => [.. items.Where(item => item.Group == $"{pairs} pairs").Take(count).Select(item => item.Properties["position"])];
        Assert.Equal(["0", "24", "49", "74"], Positions(75, 4));
        Assert.Equal(["0", "34", "69", "104", "139"], Positions(140, 5));
        Assert.Equal(["0", "49", "99", "149", "199", "249", "299"], Positions(300, 7));
        Assert.Equal([0, 0.3243, 0.6622, 1], items.Take(4).Select(item => item.Depth!.Value));
        foreach (EvaluationItem item in items)
        {
            // A JSON object, a pair a line, with the asked pair at its position.
            (string Key, string Value)[] pairs = [.. JsonDocument.Parse(item.Prompt.Context).RootElement.EnumerateObject().Select(pair => (pair.Name, pair.Value.GetString()!))];
            Assert.Equal($"{pairs.Length} pairs", item.Group);
            Assert.Equal(pairs.Length, item.Prompt.Context.Split(",\n ").Length);
            Assert.Equal(pairs.Length, pairs.Select(pair => pair.Key).Distinct().Count());
            (string key, string value) = pairs[int.Parse(item.Properties["position"], null)];
            Assert.Equal([value], item.Answers);
            Assert.Equal("Extract the value corresponding to the specified key in the JSON object below.\n\nJSON data:\n", item.Prompt.Before);
            Assert.Equal($"\n\nKey: \"{key}\"\nCorresponding value:", item.Prompt.After);
            Assert.Equal(1, task.Score(item, $"It is \"{value.ToUpperInvariant()}\".").Value);
            Assert.Equal(0, task.Score(item, key).Value);
        }

        // The same pairs at all depths, as in the paper.
        Assert.Single(items.Take(4).Select(item => item.Answer).Distinct());
        KeyValueTask aware = new(new KeyValueTaskOptions { ItemsPerCell = 1, PairCounts = [2], QueryAware = true });
        EvaluationItem first = aware.CreateItems(PieceTokenizer.WordLevel).First();
        Assert.Equal($"Extract the value corresponding to the specified key in the JSON object below.\n\nKey: \"{first.Prompt.Query}\"\n\nJSON data:\n", first.Prompt.Before);
    }

    [Fact]
    public void CreateItems_Lengths_AreFilledWithPairs()
    {
        KeyValueTask task = new(new KeyValueTaskOptions { ItemsPerCell = 2, Lengths = [12_000], Depths = [0, 0.5, 1] });
        Assert.Equal([12_000], task.Lengths);
        EvaluationItem[] items = [.. task.CreateItems(PieceTokenizer.Subword)];
        Assert.Equal(6, items.Length);
        foreach (EvaluationItem item in items)
        {
            Assert.Equal(PieceTokenizer.Subword.CountTokens(item.Prompt.Text), item.PromptTokenCount);
            Assert.InRange(item.PromptTokenCount!.Value + 100 + 64, 11_880, 12_000);
            Assert.Equal(("12000", 12_000), (item.Group, item.Length));
        }

        Assert.Contains("Two pairs", Assert.Throws<ArgumentException>(() => task.CreateItems(PieceTokenizer.Subword, 200).First()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CreateItems_LengthsAlone_AskForNoNumberOfPairs()
    {
        KeyValueTask task = new(new KeyValueTaskOptions { ItemsPerCell = 1, Lengths = [12_000] });
        EvaluationItem[] items = [.. task.CreateItems(PieceTokenizer.Subword)];
        Assert.Equal((5, 5), (items.Length, task.ItemCount));
        Assert.Equal([0, 0.25, 0.5, 0.75, 1], items.Select(item => item.Depth!.Value));
        Assert.Equal(10, new KeyValueTask(new KeyValueTaskOptions { ItemsPerCell = 1, Lengths = [12_000], PairCounts = [140] }).ItemCount);
        Assert.Equal(16, new KeyValueTask(new KeyValueTaskOptions { ItemsPerCell = 1 }).ItemCount);
    }

    [Fact]
    public void CreateItems_Files_AreReadAndReordered()
    {
        string file = Path.Combine(folder, "kv-retrieval-5_keys.jsonl.gz");
        using (StreamWriter writer = new(new GZipStream(File.Create(file), CompressionLevel.Fastest)))
        {
            for (int i = 0; i < 4; i++)
                writer.WriteLine(JsonSerializer.Serialize(new { ordered_kv_records = Enumerable.Range(0, 5).Select(k => new[] { $"k{i}{k}", $"v{i}{k}" }), key = $"k{i}3", value = $"v{i}3" }));
        }

        EvaluationItem[] items = [.. new KeyValueTask(new KeyValueTaskOptions { Files = [file], ItemsPerCell = 3, Depths = [0, 1] }).CreateItems(PieceTokenizer.WordLevel)];
        Assert.Equal(6, items.Length);
        Assert.Equal("{\"k13\": \"v13\",\n \"k10\": \"v10\",\n \"k11\": \"v11\",\n \"k12\": \"v12\",\n \"k14\": \"v14\"}", items[2].Prompt.Context);
        Assert.EndsWith("\"k14\": \"v14\",\n \"k13\": \"v13\"}", items[3].Prompt.Context, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"key\": \"a\", \"value\": \"b\", \"ordered_kv_records\": [[\"a\", \"c\"], [\"x\", \"y\"]]}", "not among")]
    [InlineData("{\"key\": \"a\", \"value\": \"b\", \"ordered_kv_records\": [[\"a\", \"b\"], [\"a\", \"y\"]]}", "twice")]
    [InlineData("{\"key\": \"a\", \"value\": \"b\", \"ordered_kv_records\": [[\"a\", \"b\"]]}", "one pair only")]
    [InlineData("{\"key\": \"a\", \"value\": \"b\", \"ordered_kv_records\": [[\"a\"]]}", "ordered_kv_records[0]")]
    [InlineData("{\"key\": \"a\", \"value\": \"b\"}", "ordered_kv_records")]
    [InlineData("{\"value\": \"b\"}", "\"key\"")]
    public void Constructor_BrokenFile_NamesLineAndField(string line, string expected)
    {
        string file = Path.Combine(folder, "broken.jsonl");
        File.WriteAllText(file, "{\"key\": \"a\", \"value\": \"b\", \"ordered_kv_records\": [[\"a\", \"b\"], [\"c\", \"d\"]]}\n" + line + "\n");
        string message = Assert.Throws<DataFormatException>(() => new KeyValueTask(new KeyValueTaskOptions { Files = [file] })).Message;
        Assert.Contains("broken.jsonl", message, StringComparison.Ordinal);
        Assert.Contains("2", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Summarize_Results_HasAFigureForEachPosition()
    {
        KeyValueTask task = new(new KeyValueTaskOptions { ItemsPerCell = 1, PairCounts = [140], Depths = [0, 0.25] });
        ItemResult[] results = [.. task.CreateItems(PieceTokenizer.WordLevel).Select((item, i) => new ItemResult
        {
            Model = "m", Strategy = "s", Task = task.Name, Item = item.Id, Status = ItemStatus.Scored, Group = item.Group, Depth = item.Depth, Properties = item.Properties, Score = i,
        })];
        Assert.Equal([new TaskFigure("score", 50), new TaskFigure("140 pairs at 0", 0), new TaskFigure("140 pairs at 34", 100)], task.Summarize(results));
    }

    [Fact]
    public void Constructor_FaultyOptions_NamesAll()
    {
        string message = Assert.Throws<ArgumentException>(() => new KeyValueTask(new KeyValueTaskOptions { PairCounts = [1], Depths = [-1], ItemsPerCell = 0 })).Message;
        foreach (string part in (string[])["PairCounts holds 1", "Depths holds -1", "ItemsPerCell is 0"]) Assert.Contains(part, message, StringComparison.Ordinal);
    }
}
