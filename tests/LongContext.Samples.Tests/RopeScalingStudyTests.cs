using System.Text.Json;
using LongContext.Checkpoints;
using LongContext.Evaluation;
using LongContext.Positions;
using LongContext.TestSupport;

namespace LongContext.Samples.Tests;

/// <summary>samples/RopeScalingStudy, started as a user starts it.</summary>
public sealed class RopeScalingStudyTests
{
    private const string Sample = "RopeScalingStudy";

    [Fact]
    public async Task Run_Untuned_MeasuresEveryScalingAtEveryLength()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SampleProgram.Outcome run = await SampleProgram.RunAsync(Sample, "--untuned", "--questions", "1", "--output", folder.Path);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.All(new[] { "as it is", "linear ×8", "dynamic ×8", "yarn ×8", "2,048" }, part => Assert.Contains(part, run.Output, StringComparison.Ordinal));
        Assert.DoesNotContain("fine-tun", run.Output, StringComparison.Ordinal);

        EvaluationReport report = EvaluationReport.ReadJsonLines(folder["report.jsonl"]);
        Assert.Equal(4 * 4 * 5, report.Items.Count); // models, lengths, depths
        Assert.All(report.Items, item => Assert.Equal(ItemStatus.Scored, item.Status));
        // Within its window the model knows the task; a factor of eight on all frequencies takes it apart everywhere.
        Assert.InRange(Mean(report, "as it is", 256), 0.8, 1);
        Assert.InRange(Mean(report, "linear ×8", 256), 0, 0.4);
        Assert.InRange(Mean(report, "dynamic ×8", 256), 0.8, 1);
        Assert.InRange(Mean(report, "as it is", 2048), 0, 0.4);
        Assert.Contains("<svg", await File.ReadAllTextAsync(folder["report.html"], TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_UnusableArguments_EndsWithOneLineThatSaysWhy()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        (await SampleProgram.RunAsync(Sample, "--context", "512", "--output", folder["out"])).AssertRefusal("--context without --model FOLDER");
        (await SampleProgram.RunAsync(Sample, "--questions", "0", "--output", folder["out"])).AssertRefusal("--questions is 0, expected at least 1");
        (await SampleProgram.RunAsync(Sample, "--steps", "3", "--output", folder["out"])).AssertRefusal("--steps is 3, expected at least 20");
        (await SampleProgram.RunAsync(Sample, "--model", folder["nowhere"], "--data", folder["none.txt"], "--output", folder["out"])).AssertRefusal("--model needs --context N");
        Assert.False(Directory.Exists(folder["out"]));
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Run_RealModelAndText_GivesThePerplexitiesOfTransformers()
    {
        SlowTests.SkipUnlessAsked();
        string model = TestPaths.RequireShared("models", "aidreams-260k"), data = TestPaths.RequireShared("data", "dreams.jsonl");
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SampleProgram.Outcome run = await SampleProgram.RunAsync(
            Sample, "--model", model, "--data", data, "--context", "1024", "--held-out", "400", "--tokens", "409600", "--output", folder.Path);
        TestContext.Current.TestOutputHelper!.WriteLine(run.Output);
        Assert.True(run.ExitCode == 0, run.Error);

        EvaluationReport report = EvaluationReport.ReadJsonLines(folder["report.jsonl"]);
        Dictionary<string, string> names = new() { ["none"] = "as it is", ["linear8"] = "linear ×8", ["dynamic8"] = "dynamic ×8", ["yarn8"] = "yarn ×8" };
        using JsonDocument golden = JsonDocument.Parse(await File.ReadAllTextAsync(TestPaths.RequireShared("models", "perplexity.json"), TestContext.Current.CancellationToken));
        int compared = 0;
        foreach (JsonElement expected in golden.RootElement.GetProperty("rows").EnumerateArray())
        {
            if (!names.TryGetValue(expected.GetProperty("scaling").GetString()!, out string? name)) continue;
            double actual = Mean(report, name, expected.GetProperty("length").GetInt32());
            Assert.Equal(1, actual / expected.GetProperty("perplexity").GetDouble(), 1e-3);
            compared++;
        }

        Assert.Equal(20, compared);
        // Tuned, every scaling is better at the new window than untuned, and loads as what it is.
        foreach ((string scaling, RopeScaling value) in new[] { ("linear", RopeScaling.Linear(8)), ("dynamic", RopeScaling.DynamicNtk(8)), ("yarn", RopeScaling.Yarn(8)) })
        {
            Assert.True(Mean(report, $"{scaling} ×8 fine-tuned", 1024) < Mean(report, $"{scaling} ×8", 1024), scaling);
            Assert.Equal(value, ModelConfig.Load(folder[scaling]).RopeScaling);
        }
    }

    private static double Mean(EvaluationReport report, string model, int length) =>
        report.Items.Where(item => item.Model == model && item.Length == length).Average(item => item.Score!.Value);
}
