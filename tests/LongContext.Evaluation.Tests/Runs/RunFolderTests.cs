using LongContext.Data;
using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Support;
using LongContext.TestSupport;

namespace LongContext.Evaluation.Runs;

/// <summary>What a run leaves in its folder, and what becomes of it when it is damaged or something has changed.</summary>
public sealed class RunFolderTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_FolderInUse_IsRefused()
    {
        using TemporaryFolder folder = new();
        using (new RunFolder(folder.Path, TimeProvider.System))
        {
            EvaluationRunException fault = await Assert.ThrowsAsync<EvaluationRunException>(() => RunAsync(folder, RunModels.Echo(), new EchoTask("a", 1)));
            Assert.Contains("in use", fault.Message, StringComparison.Ordinal);
        }

        await RunAsync(folder, RunModels.Echo(), new EchoTask("a", 1));
    }

    [Theory]
    [InlineData("results.jsonl")]
    [InlineData("responses.jsonl")]
    public async Task RunAsync_FileOfAnotherKind_IsRefusedAndLeftAsItIs(string name)
    {
        using TemporaryFolder folder = new();
        const string text = "{\"answer\": 1}\n{\"answer\": 2}\nand no end";
        await File.WriteAllTextAsync(folder[name], text, Token);
        EvaluationRunException fault = await Assert.ThrowsAsync<EvaluationRunException>(() => RunAsync(folder, RunModels.Echo(), new EchoTask("a", 1)));
        Assert.Contains(name, fault.Message, StringComparison.Ordinal);
        Assert.Equal(text, await File.ReadAllTextAsync(folder[name], Token));
    }

    [Theory]
    [InlineData("results.jsonl", "{\"answer\": 1}")]
    [InlineData("results.jsonl", "{\"key\":\"1\"")]
    [InlineData("responses.jsonl", "A note without an end of line")]
    [InlineData("responses.jsonl", "{\"key\": \"1\", \"text\": \"spaced as another writes it\"}")]
    public async Task RunAsync_OneLineOfAnotherKindWithoutItsEnd_IsRefusedAndLeftAsItIs(string name, string text)
    {
        using TemporaryFolder folder = new();
        await File.WriteAllTextAsync(folder[name], text, Token);
        EvaluationRunException fault = await Assert.ThrowsAsync<EvaluationRunException>(() => RunAsync(folder, RunModels.Echo(), new EchoTask("a", 1)));
        Assert.Contains(name, fault.Message, StringComparison.Ordinal);
        Assert.Equal(text, await File.ReadAllTextAsync(folder[name], Token));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void LineFile_OneLineLongerThanAny_IsLeftAsItIs(int beyond)
    {
        const int longest = 1 << 20;
        using TemporaryFolder folder = new();
        byte[] bytes = new byte[longest + beyond];
        bytes.AsSpan().Fill((byte)'x');
        "{\"text\":\""u8.CopyTo(bytes);
        File.WriteAllBytes(folder["lines"], bytes);
        Assert.Throws<EvaluationRunException>(() => LineFile.Open(folder["lines"], "text", TimeProvider.System, (_, _) => Assert.Fail("None is whole."), longest));
        Assert.Equal(bytes, File.ReadAllBytes(folder["lines"]));
    }

    [Fact]
    public async Task RunAsync_LineEndsOfAnotherSystem_AreRefusedAndLeftAsTheyAre()
    {
        using TemporaryFolder folder = new();
        await RunAsync(folder, RunModels.Echo(), new EchoTask("a", 5));
        string changed = (await File.ReadAllTextAsync(folder["responses.jsonl"], Token)).Replace("\n", "\r\n", StringComparison.Ordinal);
        await File.WriteAllTextAsync(folder["responses.jsonl"], changed, Token);
        await Assert.ThrowsAsync<EvaluationRunException>(() => RunAsync(folder, RunModels.Echo(), new EchoTask("a", 5)));
        Assert.Equal(changed, await File.ReadAllTextAsync(folder["responses.jsonl"], Token));
    }

    [Fact]
    public async Task RunAsync_OtherSettings_AreRefusedWithAllDifferences()
    {
        using TemporaryFolder folder = new();
        ScriptedClient client = RunModels.Echo();
        await RunAsync(folder, client, new EchoTask("a", 10), new EchoTask("b", 10));
        EvaluationRunException fault = await Assert.ThrowsAsync<EvaluationRunException>(() => new EvaluationRunner(new EvaluationRunOptions { Folder = folder.Path }).RunAsync(
            [RunModels.Of(client) with { ContextLength = 5_000 }], [new EchoTask("a", 10) { Version = "2" }, new EchoTask("c", 10)], cancellationToken: Token));
        Assert.All(new[] { "model 'model'", "window unknown", "window 5000", "task 'a'", "echo 1", "echo 2", folder.Path }, part => Assert.Contains(part, fault.Message, StringComparison.Ordinal));
        Assert.DoesNotContain("'c'", fault.Message, StringComparison.Ordinal);
        Assert.Equal(20, client.Asked.Count);
        // Nothing was changed by the attempt.
        await RunAsync(folder, client, new EchoTask("a", 10), new EchoTask("b", 10));
        Assert.Equal(20, client.Asked.Count);
    }

    [Fact]
    public async Task RunAsync_OtherSettingsToBeMeasuredAgain_OnlyWhatChangedIsScoredAgain()
    {
        using TemporaryFolder folder = new();
        ScriptedClient client = RunModels.Echo();
        await RunAsync(folder, client, new EchoTask("a", 10), new EchoTask("b", 10));
        EchoTask changed = new("a", 10) { Version = "2", Change = item => item with { Answers = ["other"] } };
        EvaluationReport report = await new EvaluationRunner(new EvaluationRunOptions { Folder = folder.Path, OnChangedSettings = ChangedSettings.MeasureAgain }).RunAsync(
            [RunModels.Of(client) with { Identity = "1" }], [changed, new EchoTask("b", 10)], cancellationToken: Token);
        Assert.Equal([0, 1], report.Tasks.Select(task => task.Mean!.Value));
        // The requests are the same, only the scores are not.
        Assert.Equal(20, client.Asked.Count);
    }

    [Fact]
    public async Task RunAsync_ItemWithOtherContent_IsEvaluatedAgain()
    {
        using TemporaryFolder folder = new();
        ScriptedClient client = RunModels.Echo();
        await RunAsync(folder, client, new EchoTask("a", 10));
        EvaluationReport report = await RunAsync(folder, client, new EchoTask("a", 10) { Change = item => item.Id == "4" ? item with { Prompt = EvaluationPrompt.FromText("question new") } : item });
        Assert.Equal(11, client.Asked.Count);
        Assert.Equal(0.9, report.Tasks[0].Mean!.Value, 12);
    }

    [Theory]
    [InlineData(ResponseStore.FileName)]
    [InlineData(ResultJournal.FileName)]
    public async Task RunAsync_FileCutAnywhere_OnlyWhatIsGoneIsDoneAgain(string name)
    {
        using TemporaryFolder folder = new();
        ScriptedClient client = RunModels.Echo();
        string before = Items(await RunAsync(folder, client, new EchoTask("a", 12)));
        byte[] responses = File.ReadAllBytes(folder[ResponseStore.FileName]), results = File.ReadAllBytes(folder[ResultJournal.FileName]);
        byte[] whole = name == ResponseStore.FileName ? responses : results;
        SplitMix64 random = new(7, 0);
        for (int attempt = 0; attempt < 40; attempt++)
        {
            int length = random.NextInt(whole.Length + 1);
            File.WriteAllBytes(folder[ResponseStore.FileName], responses);
            File.WriteAllBytes(folder[ResultJournal.FileName], results);
            if (name == ResponseStore.FileName) File.Delete(folder[ResultJournal.FileName]);
            File.WriteAllBytes(folder[name], whole[..length]);
            int asked = client.Asked.Count;
            EvaluationReport report = await RunAsync(folder, client, new EchoTask("a", 12));
            Assert.Equal(before, Items(report));
            // A last line that lacks its end only is whole.
            int lines = whole[..length].Count(b => b == '\n') + (length > 0 && length < whole.Length && whole[length] == '\n' ? 1 : 0);
            Assert.Equal(name == ResponseStore.FileName ? 12 - lines : 0, client.Asked.Count - asked);
            Assert.Empty(report.Notes);
            Assert.All(File.ReadAllLines(folder[name]), line => Assert.EndsWith("\"}", line, StringComparison.Ordinal));
            Assert.Equal(12, File.ReadAllLines(folder[name]).Length);
        }
    }

    [Fact]
    public async Task RunAsync_LineChangedInTheMiddle_IsLeftOutAndSaid()
    {
        using TemporaryFolder folder = new();
        ScriptedClient client = RunModels.Echo();
        await RunAsync(folder, client, new EchoTask("a", 12));
        string[] lines = File.ReadAllLines(folder[ResponseStore.FileName]);
        lines[5] = lines[5].Replace("answer", "ANSWER", StringComparison.Ordinal);
        File.WriteAllLines(folder[ResponseStore.FileName], lines);
        File.Delete(folder[ResultJournal.FileName]);
        EvaluationReport report = await RunAsync(folder, client, new EchoTask("a", 12));
        Assert.Equal(13, client.Asked.Count);
        Assert.Equal(1, report.Tasks[0].Mean);
        Assert.Contains("1 lines", Assert.Single(report.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void LineFile_LongLines_AreReadBack()
    {
        using TemporaryFolder folder = new();
        string[] texts = [.. Enumerable.Range(0, 9).Select(i => new string((char)('a' + i), i * i * 90_000))];
        List<(long Offset, int Length)> places = [];
        using (LineFile file = LineFile.Open(folder["lines"], "text", TimeProvider.System, (_, _) => Assert.Fail("It is empty.")))
        {
            foreach (string text in texts) places.Add(file.Append(RunJson.Write(new { text })));
            file.Flush();
        }

        List<(long, int)> found = [];
        using LineFile again = LineFile.Open(folder["lines"], "text", TimeProvider.System, (line, offset) => found.Add((offset, line.Length)));
        Assert.Equal(places, found);
        for (int i = 0; i < texts.Length; i++)
        {
            Assert.Equal(texts[i], (string)System.Text.Json.Nodes.JsonNode.Parse(again.Read(places[i].Offset, places[i].Length))!["text"]!);
        }
    }

    [Fact]
    public async Task RunAsync_RunFileOfSomethingElse_SaysWhatItIs()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder[RunSettings.FileName], "{\"format\": \"other\"}");
        EvaluationRunException fault = await Assert.ThrowsAsync<EvaluationRunException>(() => RunAsync(folder, RunModels.Echo(), new EchoTask("a", 1)));
        Assert.Contains("'other'", fault.Message, StringComparison.Ordinal);
        File.WriteAllText(folder[RunSettings.FileName], "not json");
        fault = await Assert.ThrowsAsync<EvaluationRunException>(() => RunAsync(folder, RunModels.Echo(), new EchoTask("a", 1)));
        Assert.Contains(RunSettings.FileName, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_StrategyChanged_OnlyItsResultsAreMeasuredAgain()
    {
        using TemporaryFolder folder = new();
        ScriptedClient client = new(_ => "x");
        EchoTask task = new("a", 6) { Change = item => item with { Prompt = new EvaluationPrompt { Context = $"c1 c2 c3 {item.Id}", After = $" q{item.Id}" } } };
        async Task RunAsync(int words) => await new EvaluationRunner(new EvaluationRunOptions { Folder = folder.Path, OnChangedSettings = ChangedSettings.MeasureAgain }).RunAsync(
            [RunModels.Of(client) with { Identity = "1" }], [task], [new FullContextStrategy(), new CuttingStrategy(words)], cancellationToken: Token);
        await RunAsync(1);
        Assert.Equal(12, client.Asked.Count);
        await RunAsync(2);
        Assert.Equal(18, client.Asked.Count);
        Assert.All(client.Asked.Skip(12), asked => Assert.StartsWith("c1 c2 q", asked.Messages[^1].Text, StringComparison.Ordinal));
    }

    private static string Items(EvaluationReport report) => string.Join('\n', report.Items.Select(item => System.Text.Json.JsonSerializer.Serialize(item with { Duration = TimeSpan.Zero }, RunJson.Options)));

    private static Task<EvaluationReport> RunAsync(TemporaryFolder folder, ScriptedClient client, params EchoTask[] tasks) =>
        new EvaluationRunner(new EvaluationRunOptions { Folder = folder.Path }).RunAsync([RunModels.Of(client) with { Identity = "1" }], tasks, cancellationToken: Token);
}
