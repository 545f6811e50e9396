using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using LongContext.Evaluation.Metrics;
using LongContext.Evaluation.Segmentation;
using LongContext.Evaluation.Support;
using LongContext.TestSupport;

namespace LongContext.Evaluation.Tasks.LongBench;

public sealed class LongBenchTaskTests
{
    private static readonly LongBenchOptions ByCharacters = new() { Scoring = new LongBenchScoringOptions { Segmenter = new CharacterSegmenter() } };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Load_OfficialLayout_GivesEveryDataSetInTheScriptsOrder()
    {
        using LongBenchFolder folder = new();
        folder.WriteAll();
        IReadOnlyList<LongBenchTask> tasks = LongBench.Load(folder.Path, ByCharacters, Token);
        string[] chinese = ["multifieldqa_zh", "dureader", "vcsum"];
        Assert.Equal(21, tasks.Count);
        Assert.Equal(LongBench.DataSets, tasks.Select(task => task.DataSet));
        Assert.All(tasks, task => Assert.Equal($"longbench/{task.DataSet}{(chinese.Contains(task.DataSet) ? " (not comparable with published figures)" : "")}", task.Name));
        Assert.All(tasks, task => Assert.Equal(3, task.Count));
        Assert.Equal([4, 4, 4, 4, 3, 2], Enum.GetValues<LongBenchCategory>().Select(category => tasks.Count(task => task.Category == category)));
        Assert.Equal(21, tasks.Select(task => task.Identity).Distinct().Count());

        IReadOnlyList<LongBenchTask> ofE = LongBench.LoadE(folder.Path, cancellationToken: Token);
        Assert.Equal(LongBench.DataSetsOfE.Select(set => $"longbench-e/{set}"), ofE.Select(task => task.Name));
        Assert.Equal(13, ofE.Count);
        Assert.Equal(16, LongBench.EnglishDataSets.Count);
        Assert.Equal(7, LongBench.ChineseDataSets.Count);
    }

    [Fact]
    public void CreateItems_Record_BecomesPromptAnswersAndLimits()
    {
        using LongBenchFolder folder = new();
        folder.Prompts["qasper"] = "Is {{this}} {language}? Read:\n{context}\n{length} words. {input} {input}\nSay:";
        folder.Lengths["qasper"] = 77;
        folder.WriteConfiguration();
        JsonObject record = LongBenchFolder.Record("qasper");
        record["context"] = "Braces {input} }} stay as they are. ";
        folder.Write("qasper", record, LongBenchFolder.Record("qasper", 1));
        EvaluationItem[] items = Items(Load(folder, "qasper"));
        Assert.Equal(["qasper-0", "qasper-1"], items.Select(item => item.Id));
        EvaluationPrompt prompt = items[0].Prompt;
        Assert.Equal("Is {this} en? Read:\n", prompt.Before);
        Assert.Equal("Braces {input} }} stay as they are. ", prompt.Context);
        Assert.Equal("\n3000 words. Which one is number 0? Which one is number 0?\nSay:", prompt.After);
        Assert.Equal("Which one is number 0?", prompt.Query);
        Assert.Equal((null, "", PromptStyle.Chat, "middle"), (prompt.System, prompt.AnswerPrefix, prompt.Style, prompt.Truncation.Name));
        Assert.Equal(["the green lamp number 0", "the green lamp number 0 again 段落9 Paragraph 9"], items[0].Answers);
        Assert.Equal(new AnswerSettings { MaximumNewTokens = 77 }, items[0].Settings with { StopSequences = new AnswerSettings().StopSequences });
        Assert.Empty(items[0].Settings.StopSequences);
        Assert.Null(items[0].Group);
        Assert.Equal(new Dictionary<string, string> { ["length"] = "3000", ["language"] = "en" }, items[0].Properties);
    }

    [Fact]
    public void CreateItems_EveryDataSet_IsAskedAsTheScriptAsks()
    {
        using LongBenchFolder folder = new();
        folder.WriteAll();
        foreach (LongBenchTask task in LongBench.Load(folder.Path, ByCharacters, Token))
        {
            foreach (EvaluationItem item in Items(task))
            {
                Assert.Equal(LongBenchFolder.IsCompletion(task.DataSet) ? PromptStyle.Completion : PromptStyle.Chat, item.Prompt.Style);
                Assert.Equal(folder.Lengths[task.DataSet]!.GetValue<int>(), item.Settings.MaximumNewTokens);
                Assert.Equal((0, 0), (item.Settings.Temperature, item.Settings.Attempt));
                Assert.Equal(task.DataSet == "samsum" ? ["\n"] : [], item.Settings.StopSequences);
                Assert.Equal(task.DataSet == "samsum" ? 1 : 0, item.Settings.MinimumNewTokens);
            }
        }
    }

    [Fact]
    public void CreateItems_InputEmpty_SearchesByTheTextBehindTheContext()
    {
        using LongBenchFolder folder = new();
        JsonObject record = LongBenchFolder.Record("gov_report");
        record["input"] = "";
        folder.Write("gov_report", record);
        Assert.Null(Items(Load(folder, "gov_report"))[0].Prompt.Query);
    }

    [Fact]
    public void CreateItems_IdsMissingOrTwice_AreToldApart()
    {
        using LongBenchFolder folder = new();
        JsonObject without = LongBenchFolder.Record("qasper", 1);
        without.Remove("_id");
        folder.Write("qasper", LongBenchFolder.Record("qasper"), without, LongBenchFolder.Record("qasper"));
        Assert.Equal(["qasper-0", "#2", "qasper-0-3"], Items(Load(folder, "qasper")).Select(item => item.Id));
    }

    [Fact]
    public async Task EvaluateAsync_EveryDataSet_ScoresWhatTheScorerScores()
    {
        using LongBenchFolder folder = new();
        folder.WriteAll();
        LongBenchScorer scorer = new(ByCharacters.Scoring);
        int different = 0;
        foreach (bool isE in (bool[])[false, true])
        {
            foreach (LongBenchTask task in isE ? LongBench.LoadE(folder.Path, ByCharacters, Token) : LongBench.Load(folder.Path, ByCharacters, Token))
            {
                JsonObject[] records = [.. Enumerable.Range(0, 3).Select(i => LongBenchFolder.Record(task.DataSet, i))];
                string[] predictions = [.. records.Select((record, i) => i == 0 ? record["answers"]![0]!.GetValue<string>() : i == 1 ? $"\nsome green {record["answers"]![0]}\nmore" : "3 river 4 total 号")];
                int asked = 0;
                List<ItemResult> results = await RunAsync(task, _ => predictions[asked++]);
                string[][] references = [.. records.Select(record => record["answers"]!.AsArray().Select(answer => answer!.GetValue<string>()).ToArray())];
                string[]? classes = records[^1]["all_classes"]?.AsArray().Select(one => one!.GetValue<string>()).ToArray();
                string note = task.Name.EndsWith(')') ? " (not comparable with published figures)" : "";
                if (isE)
                {
                    LongBenchLengthScores expected = scorer.ScoreByLength(task.DataSet, predictions, references, [3000, 6000, 9000], classes);
                    Assert.Equal([new("0-4k" + note, expected.Below4K), new("4-8k" + note, expected.From4KTo8K), new TaskFigure("8k+" + note, expected.From8K)], task.Summarize(results));
                    Assert.Equal(["0-4k", "4-8k", "8k+"], results.Select(result => result.Group));
                }
                else
                {
                    double expected = scorer.Score(task.DataSet, predictions, references, classes);
                    Assert.Equal([new TaskFigure("score" + note, expected)], task.Summarize(results));
                    if (expected is > 0 and < 100) different++;
                }
            }
        }

        Assert.True(different > 15, $"only {different} data sets had a score between the ends");
    }

    [Fact]
    public async Task Summarize_BucketWithoutItems_IsNull()
    {
        using LongBenchFolder folder = new();
        JsonObject[] records = [.. Enumerable.Range(0, 4).Select(i => LongBenchFolder.Record("qasper", i))];
        foreach ((JsonObject record, int length) in records.Zip([3999, 8000, 0, 8001])) record["length"] = length;
        folder.Write("qasper_e", records);
        LongBenchTask task = Assert.Single(LongBench.LoadE(folder.Path, cancellationToken: Token));
        List<ItemResult> results = await RunAsync(task, prompt => prompt.Text.Contains("number 0?", StringComparison.Ordinal) ? "the green lamp number 0" : "nothing");
        Assert.Equal([new("0-4k", 50), new("4-8k", null), new TaskFigure("8k+", 0)], task.Summarize(results));
        Assert.Equal(["0-4k", "8k+", "0-4k", "8k+"], results.Select(result => result.Group));
        Assert.Equal([new("0-4k", null), new("4-8k", null), new TaskFigure("8k+", null)], task.Summarize([]));
    }

    [Theory]
    [InlineData(3999, "0-4k")]
    [InlineData(4000, "4-8k")]
    [InlineData(7999, "4-8k")]
    [InlineData(8000, "8k+")]
    public void CreateItems_LengthAtABorder_IsInTheBucketOfItsFigure(int length, string bucket)
    {
        using LongBenchFolder folder = new();
        JsonObject record = LongBenchFolder.Record("qasper");
        record["length"] = length;
        folder.Write("qasper_e", record);
        LongBenchTask task = Assert.Single(LongBench.LoadE(folder.Path, cancellationToken: Token));
        EvaluationItem item = Assert.Single(Items(task));
        Assert.Equal(bucket, item.Group);
        ItemResult result = new() { Model = "m", Strategy = "s", Task = task.Name, Item = item.Id, Status = ItemStatus.Scored, Score = 1, Properties = item.Properties };
        Assert.Equal(bucket, Assert.Single(task.Summarize([result]), figure => figure.Value is not null).Name);
    }

    [Fact]
    public async Task Score_ClassesDiffer_TakesThoseOfTheLastRecordForAll()
    {
        // eval.py keeps the classes of the last line it reads and scores all lines by them.
        using LongBenchFolder folder = new();
        JsonObject first = LongBenchFolder.Record("trec"), last = LongBenchFolder.Record("trec", 2);
        first["all_classes"] = new JsonArray("river", "stone");
        last["all_classes"] = new JsonArray("river", "stone", "green");
        folder.Write("trec", first, last);
        LongBenchTask task = Load(folder, "trec");
        List<ItemResult> results = await RunAsync(task, _ => "river of stone and green");
        Assert.Equal([1.0 / 3, 1.0 / 3], results.Select(result => result.Score!.Value));
        LongBenchTask prefix = Assert.Single(LongBench.Load(folder.Path, new LongBenchOptions { DataSets = ["trec"], MaximumItems = 1 }, Token));
        Assert.Equal(1.0, prefix.Score(Items(prefix)[0], "river and green").Value);
    }

    [Fact]
    public void Score_FirstLineOnly_SaysWhatWasJudged()
    {
        using LongBenchFolder folder = new();
        folder.WriteAll();
        LongBenchTask cut = Load(folder, "samsum"), whole = Load(folder, "qasper");
        ItemScore score = cut.Score(Items(cut)[0], "\n\nthe green lamp number 0\nDialogue: more");
        Assert.Equal("the green lamp number 0", score.Judged);
        Assert.Equal(1, score.Value, 1e-6);
        Assert.Null(whole.Score(Items(whole)[0], "\nthe green lamp").Judged);
    }

    [Theory]
    [InlineData(4096, null, 3500)]
    [InlineData(8192, null, 7500)]
    [InlineData(16384, null, 15500)]
    [InlineData(32768, null, 31500)]
    [InlineData(131072, null, 127500)]
    [InlineData(200_000, null, 199_500)]
    [InlineData(1024, null, null)]
    [InlineData(null, null, null)]
    [InlineData(4096, 1000, 1000)]
    [InlineData(null, 1000, 1000)]
    public async Task EvaluateAsync_Window_LimitsThePromptAsTheScriptsTableDoes(int? window, int? given, int? expected)
    {
        using LongBenchFolder folder = new();
        folder.Write("qasper", LongBenchFolder.Record("qasper"));
        LongBenchTask task = Assert.Single(LongBench.Load(folder.Path, new LongBenchOptions { MaximumPromptTokens = given }, Token));
        string? name = null;
        await RunAsync(task, prompt => name = prompt.Truncation.Name, window);
        Assert.Equal(expected is { } tokens ? $"middle, at most {tokens} tokens" : "middle", name);
    }

    [Fact]
    public void Load_FirstItems_SaysSoInTheName()
    {
        using LongBenchFolder folder = new();
        folder.WriteAll();
        IReadOnlyList<LongBenchTask> tasks = LongBench.Load(
            folder.Path, new LongBenchOptions { DataSets = ["lcc", "vcsum"], MaximumItems = 2, Scoring = ByCharacters.Scoring }, Token);
        Assert.Equal(["longbench/lcc (first 2)", "longbench/vcsum (first 2; not comparable with published figures)"], tasks.Select(task => task.Name));
        Assert.Equal(["lcc-0", "lcc-1"], Items(tasks[0]).Select(item => item.Id));
        Assert.Equal(2, tasks[0].Count);
    }

    [Fact]
    public void Load_OtherFormsOfFiles_GivesTheSameItems()
    {
        using LongBenchFolder folder = new();
        JsonObject[] records = [.. Enumerable.Range(0, 3).Select(i => LongBenchFolder.Record("qasper", i))];
        string plain = folder.Write("qasper", records);
        string[] expected = [.. Items(Load(folder, "qasper")).Select(item => item.Prompt.Text)];
        string text = File.ReadAllText(plain);
        File.Delete(plain);

        using (GZipStream zip = new(File.Create(folder.File("data", "qasper.jsonl.gz")), CompressionLevel.Fastest)) zip.Write(Encoding.UTF8.GetBytes(text));
        Assert.Equal(expected, Items(Load(folder, "qasper")).Select(item => item.Prompt.Text));
        File.Delete(folder.File("data", "qasper.jsonl.gz"));

        File.WriteAllText(folder.File("data", "qasper.json"), $"[{string.Join(",\n", records.Select(record => record.ToJsonString()))}]");
        Assert.Equal(expected, Items(Load(folder, "qasper")).Select(item => item.Prompt.Text));
        File.Delete(folder.File("data", "qasper.json"));

        Directory.CreateDirectory(folder.File("data", "qasper", "test"));
        File.WriteAllText(folder.File("data", "qasper", "test", "0001.jsonl"), records[2].ToJsonString());
        File.WriteAllText(folder.File("data", "qasper", "test", "0000.jsonl"), $"{records[0].ToJsonString()}\n{records[1].ToJsonString()}\n");
        Assert.Equal(expected, Items(Load(folder, "qasper")).Select(item => item.Prompt.Text));
    }

    [Fact]
    public void Load_FoldersNamed_AreTaken()
    {
        using LongBenchFolder folder = new();
        folder.Write("qasper", LongBenchFolder.Record("qasper"));
        using TemporaryFolder elsewhere = new();
        LongBenchOptions options = new() { DataFolder = folder.File("data"), ConfigurationFolder = folder.File("config") };
        Assert.Equal(3000.ToString(System.Globalization.CultureInfo.InvariantCulture), Items(Assert.Single(LongBench.Load(elsewhere.Path, options, Token)))[0].Properties["length"]);
    }

    [Fact]
    public void Identity_SameContentElsewhere_IsTheSameAndAnyChangeAnother()
    {
        using LongBenchFolder folder = new(), copy = new();
        foreach (LongBenchFolder one in new[] { folder, copy }) one.Write("vcsum", LongBenchFolder.Record("vcsum"), LongBenchFolder.Record("vcsum", 1));
        string identity = Load(folder, "vcsum").Identity;
        Assert.Equal(identity, Load(copy, "vcsum").Identity);
        HashSet<string> seen = [identity];

        copy.Write("vcsum", LongBenchFolder.Record("vcsum"), LongBenchFolder.Record("vcsum", 2));
        Assert.True(seen.Add(Load(copy, "vcsum").Identity), "data");
        copy.Write("vcsum", LongBenchFolder.Record("vcsum"), LongBenchFolder.Record("vcsum", 1));
        Assert.False(seen.Add(Load(copy, "vcsum").Identity), "data as before");
        copy.Prompts["vcsum"] = "{context}{input}";
        copy.WriteConfiguration();
        Assert.True(seen.Add(Load(copy, "vcsum").Identity), "prompt");
        folder.Lengths["vcsum"] = 5;
        folder.WriteConfiguration();
        Assert.True(seen.Add(Load(folder, "vcsum").Identity), "answer length");
        Assert.True(seen.Add(Load(folder, "vcsum", new LongBenchOptions { MaximumPromptTokens = 50, Scoring = ByCharacters.Scoring }).Identity), "limit");
        Assert.True(seen.Add(Load(folder, "vcsum", new LongBenchOptions { MaximumItems = 2, Scoring = ByCharacters.Scoring }).Identity), "first items");
        Assert.True(seen.Add(Load(folder, "vcsum", new LongBenchOptions { Scoring = new() { Segmenter = new Bigrams() } }).Identity), "segmenter");
        Assert.True(seen.Add(Load(folder, "vcsum", new LongBenchOptions { Scoring = new() { Segmenter = new CharacterSegmenter(), RecursionLimit = true } }).Identity), "recursion limit");
    }

    internal static LongBenchTask Load(LongBenchFolder folder, string set, LongBenchOptions? options = null) =>
        Assert.Single(LongBench.Load(folder.Path, new LongBenchOptions
        {
            DataSets = [set],
            MaximumItems = options?.MaximumItems,
            MaximumPromptTokens = options?.MaximumPromptTokens,
            Scoring = options?.Scoring ?? ByCharacters.Scoring,
        }, Token));

    private static EvaluationItem[] Items(LongBenchTask task) => [.. task.CreateItems(PieceTokenizer.WordLevel)];

    private static async Task<List<ItemResult>> RunAsync(LongBenchTask task, Func<EvaluationPrompt, string> answer, int? window = null)
    {
        EvaluationModel model = new() { Name = "model", Client = new ScriptedClient(_ => ""), Tokenizer = PieceTokenizer.WordLevel, ContextLength = window };
        DirectSession session = new(model, (_, prompt, _) => answer(prompt));
        return await TaskRuns.RunAsync(task, session, Token);
    }

    private sealed class Bigrams : ITextSegmenter
    {
        public string Name => "pairs";

        public bool IsComparable => false;

        public IReadOnlyList<string> Segment(string text) => [.. text.Chunk(2).Select(pair => new string(pair))];
    }
}
