using System.Text.Json;
using LongContext.Checkpoints;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Loading;
using LongContext.TestSupport;

namespace LongContext.Samples.Tests;

/// <summary>--device and --dtype of the samples that train.</summary>
public sealed class PlacementTests
{
    private static readonly string WordModel = Path.Combine(TestPaths.RepositoryRoot ?? "", "samples", "QuickStart", "BaseModel");

    public static TheoryData<string> Samples => ["QuickStart", "RopeScalingStudy", "ContinuedPretraining", "InstructionTuning", "MultiDocumentQA", "BookSummarization"];

    [Theory]
    [InlineData(null, null, 0, "float32 on cpu")]
    [InlineData(null, "bfloat16", 0, "bfloat16 on cpu")]
    [InlineData("cpu", "float16", 0, "float16 on cpu")]
    [InlineData(null, null, 1, "bfloat16 on cuda:0")]
    [InlineData("cpu", null, 2, "float32 on cpu")]
    [InlineData("cuda", "float32", 2, "float32 on cuda:0")]
    [InlineData("cuda:1", null, 2, "bfloat16 on cuda:1")]
    public void Choose_GivenOrNot_FollowsTheMachine(string? device, string? dataType, int gpus, string expected) =>
        Assert.Equal(expected, PlacementCommand.Choose(device, dataType, gpus, _ => true).ToString());

    [Theory]
    [InlineData(null, null, "float16 on cuda:0")]
    [InlineData("cuda:1", null, "bfloat16 on cuda:1")]
    [InlineData("cuda:0", "bfloat16", "bfloat16 on cuda:0")]
    [InlineData("cpu", null, "float32 on cpu")]
    public void Choose_OldGpuFirst_HasFloat16OnThatAlone(string? device, string? dataType, string expected) =>
        Assert.Equal(expected, PlacementCommand.Choose(device, dataType, gpus: 2, gpu => gpu == 1).ToString());

    [Theory]
    [InlineData("tpu", null, 1, "--device is \"tpu\", expected cpu, cuda or cuda:N")]
    [InlineData("cuda:", null, 1, "--device is \"cuda:\"")]
    [InlineData("cuda:-1", null, 1, "--device is \"cuda:-1\"")]
    [InlineData("cuda", null, 0, "libtorch finds no GPU")]
    [InlineData("cuda:2", null, 2, "there are 2 GPUs")]
    [InlineData(null, "int4", 0, "--dtype is \"int4\", expected float32, bfloat16 or float16")]
    public void Choose_WhatCannotBe_IsRefused(string? device, string? dataType, int gpus, string expected) =>
        Assert.Contains(expected, Assert.Throws<UsageException>(() => PlacementCommand.Choose(device, dataType, gpus, _ => true)).Message, StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task Run_WithoutAModel_HasNoUseForAType(string sample)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        (await SampleProgram.RunAsync(sample, "--dtype", "bfloat16", "--output", folder["out"])).AssertRefusal("--dtype without --model FOLDER says nothing");
        Assert.False(Directory.Exists(folder["out"]));
    }

    [Theory]
    [InlineData("QuickStart", new[] { "--context", "512", "--tokens", "1" })]
    [InlineData("ContinuedPretraining", new[] { "--context", "512", "--steps", "1", "--packs", "1" })]
    [InlineData("InstructionTuning", new[] { "--format", "records", "--epochs", "1" })]
    [InlineData("MultiDocumentQA", new[] { "--epochs", "1", "--answer-tokens", "2" })]
    public async Task Run_TypeGiven_IsThatOfTheModelItSaves(string sample, string[] arguments)
    {
        Assert.SkipWhen(TestPaths.RepositoryRoot is null, "not in the repository");
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string data = folder[sample is "QuickStart" or "ContinuedPretraining" ? "text.txt" : "lines.jsonl"];
        await File.WriteAllLinesAsync(data, DataFor(sample), TestContext.Current.CancellationToken);
        SampleProgram.Outcome run = await SampleProgram.RunAsync(sample, [.. arguments, "--model", WordModel, "--data", data, "--device", "cpu", "--dtype", "bfloat16", "--output", folder["out"]]);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("The model is loaded as bfloat16 on cpu.", run.Output, StringComparison.Ordinal);
        Assert.Equal("bfloat16", ModelConfig.Load(Path.Combine(folder["out"], "model")).DataType);
    }

    /// <summary>As little as the sample takes.</summary>
    private static IEnumerable<string> DataFor(string sample) => sample switch
    {
        "InstructionTuning" => File.ReadLines(Path.Combine(TestPaths.RepositoryRoot!, "samples", "InstructionTuning", "records.jsonl")).Take(6),
        "MultiDocumentQA" => Enumerable.Range(0, 5).Select(i => JsonSerializer.Serialize(new
        {
            question = $"garden river {i}",
            answers = new[] { "lamp" },
            ctxs = Enumerable.Range(0, 3).Select(d => new { title = $"river {d}", text = d == 1 ? "the lamp of oak" : "window boots", isgold = d == 1, hasanswer = d == 1 }),
        })),
        _ => Enumerable.Repeat("river oak lamp window boots garden", 1000),
    };
}
