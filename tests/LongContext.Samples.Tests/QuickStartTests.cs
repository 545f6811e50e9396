using System.Text.Json;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Positions;
using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Samples.Tests;

public sealed class QuickStartTests
{
    [Fact]
    public void BaseModel_Committed_IsSmallAndSpeaksTheTasksLanguage()
    {
        Assert.SkipWhen(TestPaths.RepositoryRoot is null, "not in the repository");
        string folder = Path.Combine(TestPaths.RepositoryRoot!, "samples", "QuickStart", "BaseModel");
        Assert.InRange(Directory.GetFiles(folder).Sum(file => new FileInfo(file).Length), 1, 4_000_000);
        ModelConfig config = ModelConfig.Load(folder);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(folder);
        Assert.Equal((256, 1024), (config.MaxPositionEmbeddings, config.VocabularySize));
        Assert.Equal(config.VocabularySize, tokenizer.VocabularySize);
        Assert.All(new[] { "<repeat>", "<last>", "16", "<a>", "<p>" }, sign => Assert.True(tokenizer.TryGetTokenId(sign, out _), sign));
    }

    [Fact]
    public async Task Run_UnusableArguments_EndsWithOneLineThatSaysWhy()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string model = Path.Combine(TestPaths.Fixtures, "hf", "models", "llama-default"), text = folder["text.txt"];
        await File.WriteAllTextAsync(text, "short");
        await AssertError("--data", "--model", model, "--context", "256");
        await AssertError("--context", "--model", model, "--data", text);
        await AssertError("not beyond the model's own window of 64", "--model", model, "--data", text, "--context", "64");
        await AssertError("too short", "--model", model, "--data", text, "--context", "128");
        await AssertError(folder["nowhere"], "--model", folder["nowhere"], "--data", text, "--context", "128");
        await AssertError(folder["nothing.jsonl"], "--model", model, "--data", folder["nothing.jsonl"], "--context", "128");

        async Task AssertError(string expected, params string[] arguments)
        {
            SampleProgram.Outcome run = await QuickStartProgram.RunAsync([.. arguments, "--output", folder["out"]]);
            run.AssertRefusal(expected);
            Assert.False(Directory.Exists(folder["out"]));
        }
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Run_WithoutArguments_ShowsThatTheTunedModelUsesItsWindow()
    {
        SlowTests.SkipUnlessAsked();
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SampleProgram.Outcome run = await QuickStartProgram.RunAsync("--output", folder.Path);
        TestContext.Current.TestOutputHelper!.WriteLine(run.Output);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.InRange(run.PeakBytes, 1, 4_000_000_000);

        using JsonDocument report = QuickStartProgram.ReadReport(folder.Path);
        string[] names = [.. report.RootElement.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("name").GetString()!)];
        Assert.Equal(["as it is", "linear ×8 without fine-tuning", "dynamic ×8 without fine-tuning", "linear ×8 fine-tuned on packed long sequences"], names);
        for (int row = 0; row < 3; row++) Assert.InRange(QuickStartProgram.Row(report, row, "levenshteinRatio")[2048], 0, 0.4);
        Assert.InRange(QuickStartProgram.Row(report, 3, "levenshteinRatio")[2048], 0.81, 1);
        Assert.InRange(QuickStartProgram.Row(report, 0, "levenshteinRatio")[256], 0.81, 1); // the base model does know the task
        Assert.True(QuickStartProgram.Row(report, 3, "perplexity")[2048] < QuickStartProgram.Row(report, 0, "perplexity")[2048] / 2);

        ModelConfig saved = ModelConfig.Load(folder["model"]);
        Assert.Equal(RopeScaling.Linear(8), saved.RopeScaling);
        Assert.Equal(2048, saved.MaxPositionEmbeddings);
        using CausalLanguageModel model = CausalLanguageModel.Load(folder["model"]);
        Assert.True(File.Exists(Path.Combine(folder["model"], "tokenizer.json")));
        Assert.StartsWith("<!doctype html>", await File.ReadAllTextAsync(folder["report.html"]), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Run_RealModelAndText_ReachesThePerplexitiesOfTheStudy()
    {
        SlowTests.SkipUnlessAsked();
        string model = TestPaths.RequireShared("models", "aidreams-260k"), data = TestPaths.RequireShared("data", "dreams.jsonl");
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SampleProgram.Outcome run = await QuickStartProgram.RunAsync(
            "--model", model, "--data", data, "--context", "1024", "--held-out", "400", "--output", folder.Path);
        TestContext.Current.TestOutputHelper!.WriteLine(run.Output);
        Assert.True(run.ExitCode == 0, run.Error);

        using JsonDocument report = QuickStartProgram.ReadReport(folder.Path);
        using JsonDocument golden = JsonDocument.Parse(await File.ReadAllTextAsync(TestPaths.RequireShared("models", "perplexity.json")));
        string[] scalings = ["none", "linear8", "dynamic8"];
        foreach (JsonElement expected in golden.RootElement.GetProperty("rows").EnumerateArray())
        {
            int row = Array.IndexOf(scalings, expected.GetProperty("scaling").GetString());
            if (row < 0) continue;
            int length = expected.GetProperty("length").GetInt32();
            Assert.Equal(1, QuickStartProgram.Row(report, row, "perplexity")[length] / expected.GetProperty("perplexity").GetDouble(), 1e-3);
            Assert.Equal(1, QuickStartProgram.Row(report, row, "perplexityPerByte")[length] / expected.GetProperty("perplexity_per_byte").GetDouble(), 1e-3);
        }

        Dictionary<int, double> tuned = QuickStartProgram.Row(report, 3, "perplexity");
        Assert.InRange(tuned[1024], 1, 6.5);
        Assert.InRange(tuned[128], 1, 6.8);

        // Saved and loaded back: the same figures.
        SampleProgram.Outcome again = await QuickStartProgram.RunAsync(
            "--model", Path.Combine(folder.Path, "model"), "--data", data, "--context", "1024", "--held-out", "400", "--measure-only", "--output", folder["again"]);
        Assert.True(again.ExitCode == 0, again.Error);
        using JsonDocument reread = QuickStartProgram.ReadReport(folder["again"]);
        Assert.Equal(1, reread.RootElement.GetProperty("rows").GetArrayLength());
        Assert.True(QuickStartProgram.Row(reread, 0, "perplexity").ContainsKey(1024));
        foreach ((int length, double value) in QuickStartProgram.Row(reread, 0, "perplexity")) Assert.Equal(tuned[length], value, 1e-9);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Run_FixtureModelOnABook_GoesAllTheWay()
    {
        SlowTests.SkipUnlessAsked();
        string data = TestPaths.RequireShared("data", "kjv.txt");
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SampleProgram.Outcome run = await QuickStartProgram.RunAsync(
            "--model", Path.Combine(TestPaths.Fixtures, "hf", "models", "llama-default"), "--data", data, "--context", "256", "--tokens", "400000", "--output", folder.Path);
        Assert.True(run.ExitCode == 0, run.Error);
        using JsonDocument report = QuickStartProgram.ReadReport(folder.Path);
        // Random weights know nothing (about 128, the vocabulary); tuned on English bytes they know much more.
        Assert.InRange(QuickStartProgram.Row(report, 0, "perplexity")[256], 60, 300);
        Assert.InRange(QuickStartProgram.Row(report, 3, "perplexity")[256], 1, 25);
    }
}
