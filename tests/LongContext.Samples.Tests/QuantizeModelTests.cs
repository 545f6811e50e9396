using System.Text.Json.Nodes;
using LongContext.Models;
using LongContext.TestSupport;

namespace LongContext.Samples.Tests;

/// <summary>samples/QuantizeModel, started as a user starts it.</summary>
public sealed class QuantizeModelTests
{
    private const string Sample = "QuantizeModel";

    [Fact]
    public async Task Run_WordModel_ReportsEveryFormatAndSavesTheSmallestThatKept()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SampleProgram.Outcome run = await SampleProgram.RunAsync(Sample, "--formats", "int8", "int4", "nf4-gptq", "--samples", "4", "--calibration", "8192", "--output", folder.Path);
        Assert.True(run.ExitCode == 0, run.Error);

        string report = await File.ReadAllTextAsync(folder["report.md"], TestContext.Current.CancellationToken);
        Assert.All(new[] { "as it is", "int8", "int4", "nf4-gptq" }, name => Assert.Contains($"| {name} | ", report, StringComparison.Ordinal));
        Assert.Contains("| as it is | 1.000 | 1.000 | 1.000 | 1.000 |", report, StringComparison.Ordinal); // of the task, at every length
        Assert.DoesNotContain("NaN", report, StringComparison.Ordinal);
        Assert.DoesNotContain("did not fit", report, StringComparison.Ordinal);
        Assert.Contains(report, run.Output, StringComparison.Ordinal);
        Assert.Contains("outputs off by", run.Output, StringComparison.Ordinal);

        // Seven tenths of the weights are in matrices; at 4.25 and 4.5 bits in place of 32 the file has under half of the bytes.
        Assert.Contains("Saved: nf4-gptq, the smallest that kept", run.Output, StringComparison.Ordinal);
        using CausalLanguageModel model = CausalLanguageModel.Load(folder["model"]);
        JsonNode config = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder["model"], "config.json"), TestContext.Current.CancellationToken))!;
        Assert.Equal("bitsandbytes", config["quantization_config"]!["quant_method"]!.GetValue<string>());
        Assert.True(new FileInfo(Path.Combine(folder["model"], "model.safetensors")).Length < 0.5 * new FileInfo(Path.Combine(AppContext.BaseDirectory, "BaseModel", "model.safetensors")).Length);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Run_RealModelAndText_SavesWhatWasAskedFor()
    {
        SlowTests.SkipUnlessAsked();
        string model = TestPaths.RequireShared("models", "aidreams-260k"), data = TestPaths.RequireShared("data", "dreams.jsonl");
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SampleProgram.Outcome run = await SampleProgram.RunAsync(
            Sample, "--model", model, "--data", data, "--formats", "int8", "int4-gptq", "nf4", "--group-size", "32", "--calibration", "16384", "--keep", "nf4", "--output", folder.Path);
        TestContext.Current.TestOutputHelper!.WriteLine(run.Output);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("Saved: nf4, as asked", run.Output, StringComparison.Ordinal);
        using CausalLanguageModel saved = CausalLanguageModel.Load(folder["model"]);

        // Matrices of 172 inputs are no whole groups of 32: said in a line where it was asked for, and passed over where it was not.
        string[] one = ["--model", model, "--data", data, "--formats", "int4", "--group-size", "32", "--output", folder["four"]];
        (await SampleProgram.RunAsync(Sample, [.. one, "--keep", "int4"])).AssertRefusal("no multiple of the group size 32");
    }

    [Fact]
    public async Task Run_UnusableArguments_EndsWithOneLineThatSaysWhy()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        (await SampleProgram.RunAsync(Sample, "--context", "512", "--output", folder["out"])).AssertRefusal("--context without --model FOLDER");
        (await SampleProgram.RunAsync(Sample, "--formats", "int8", "int3", "--output", folder["out"])).AssertRefusal("--formats has 'int3', expected some of int8, float8");
        (await SampleProgram.RunAsync(Sample, "--formats", "int8", "int8", "--output", folder["out"])).AssertRefusal("--formats has 'int8' twice");
        (await SampleProgram.RunAsync(Sample, "--formats", "int8", "--keep", "nf4", "--output", folder["out"])).AssertRefusal("--keep nf4 is none of --formats: int8");
        (await SampleProgram.RunAsync(Sample, "--group-size", "8", "--output", folder["out"])).AssertRefusal("--group-size is 8, expected at least 16");
        (await SampleProgram.RunAsync(Sample, "--model", folder.Path, "--output", folder["out"])).AssertRefusal("--model needs --data FILE");
        Assert.False(Directory.Exists(folder["out"]));
    }
}
