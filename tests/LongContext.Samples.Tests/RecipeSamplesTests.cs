using System.Text.Json;
using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Positions;
using LongContext.TestSupport;

namespace LongContext.Samples.Tests;

/// <summary>samples/ContinuedPretraining and samples/InstructionTuning, started as a user starts them.</summary>
public sealed class RecipeSamplesTests
{
    public static TheoryData<string> Samples => ["ContinuedPretraining", "InstructionTuning"];

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task Settings_NamesEveryCardAndModel(string sample)
    {
        SampleProgram.Outcome run = await SampleProgram.RunAsync(sample, "--settings");
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.All(new[] { "Llama-3.1-8B", "Mistral-7B-v0.3", "24 GB card", "48 GB card", "80 GB card", "QLoRA", "all weights", "not measured" }, expected => Assert.Contains(expected, run.Output, StringComparison.Ordinal));
        SampleProgram.Outcome help = await SampleProgram.RunAsync(sample, "--help");
        Assert.Equal(0, help.ExitCode);
        Assert.All(new[] { "--model", "--data", "--settings", "--output" }, expected => Assert.Contains(expected, help.Output, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task Run_UnusableArguments_EndsWithOneLineThatSaysWhy(string sample)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string model = Path.Combine(TestPaths.RepositoryRoot!, "samples", "QuickStart", "BaseModel");
        await File.WriteAllTextAsync(folder["bad.jsonl"], "{\"text\": 7}\n", TestContext.Current.CancellationToken);
        await AssertError("go together", "--model", model);
        await AssertError("go together", "--data", folder["bad.jsonl"]);
        await AssertError("line 1", [.. sample == "InstructionTuning" ? ["--format", "records"] : Array.Empty<string>(), "--model", model, "--data", folder["bad.jsonl"]]);
        await AssertError(folder["nowhere"], "--model", folder["nowhere"], "--data", folder["bad.jsonl"]);

        async Task AssertError(string expected, params string[] arguments)
        {
            SampleProgram.Outcome run = await SampleProgram.RunAsync(sample, [.. arguments, "--output", folder["out"]]);
            run.AssertRefusal(expected);
            Assert.False(Directory.Exists(folder["out"]));
        }
    }

    [Fact]
    public async Task ContinuedPretraining_AFewSteps_WritesReportAndExtendedModelAndGoesOn()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string[] arguments = ["--steps", "4", "--packs", "1", "--context", "512", "--longlora", "--output", folder.Path];
        SampleProgram.Outcome run = await SampleProgram.RunAsync("ContinuedPretraining", arguments);
        Assert.True(run.ExitCode == 0, run.Error);
        using JsonDocument report = SampleProgram.ReadReport(folder.Path);
        Assert.Equal(3, report.RootElement.GetProperty("rows").GetArrayLength());
        Assert.Equal(4, report.RootElement.GetProperty("losses").GetArrayLength());
        Assert.Equal((RopeScaling.Linear(2), 512), (ModelConfig.Load(folder["model"]).RopeScaling, ModelConfig.Load(folder["model"]).MaxPositionEmbeddings));
        using CausalLanguageModel model = CausalLanguageModel.Load(Path.Combine(TestPaths.RepositoryRoot!, "samples", "QuickStart", "BaseModel"), new ModelLoadOptions { RopeScaling = RopeScaling.Linear(2) });
        Assert.Equal(["embed_tokens", "norm"], LoraAdapter.Load(folder["model"], model).Options.ModulesToSave);

        // Started again, it finds its last checkpoint: nothing is left to do, and it says so.
        SampleProgram.Outcome again = await SampleProgram.RunAsync("ContinuedPretraining", arguments);
        Assert.True(again.ExitCode == 0, again.Error);
        using JsonDocument second = SampleProgram.ReadReport(folder.Path);
        Assert.Contains("checkpoint-000004", second.RootElement.GetProperty("resumedFrom").GetString(), StringComparison.Ordinal);
        Assert.Equal(report.RootElement.GetProperty("rows").GetRawText(), second.RootElement.GetProperty("rows").GetRawText());
    }

    [Fact]
    public async Task InstructionTuning_OneEpoch_WritesReportAndModel()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SampleProgram.Outcome run = await SampleProgram.RunAsync("InstructionTuning", "--epochs", "1", "--output", folder.Path);
        Assert.True(run.ExitCode == 0, run.Error);
        using JsonDocument report = SampleProgram.ReadReport(folder.Path);
        JsonElement root = report.RootElement;
        Assert.Equal((40, 0), (root.GetProperty("questions").GetArrayLength(), root.GetProperty("skipped").GetInt32()));
        Assert.True(root.GetProperty("lossAfter").GetProperty("loss").GetDouble() < root.GetProperty("lossBefore").GetProperty("loss").GetDouble());
        using CausalLanguageModel model = CausalLanguageModel.Load(folder["model"]);
        Assert.Equal(256, model.ContextLength);
    }

    [Fact]
    public async Task InstructionTuning_ToolsThatCannotBe_AreRefused()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string samples = Path.Combine(TestPaths.RepositoryRoot!, "samples");
        string[] given = ["--model", Path.Combine(samples, "QuickStart", "BaseModel"), "--data", Path.Combine(samples, "InstructionTuning", "records.jsonl"), "--format", "records"];
        await AssertError("--data", [], """[{"function": {"name": "f"}}]""");
        await AssertError("The chat format \"records\" has no place for tools", given, """[{"function": {"name": "f", "description": "d", "parameters": {}}}, {"name": "g"}]""");
        foreach (string bad in new[] { "{", "{}", "[1]", "[{}]", """[{"function": {"name": 1}}]""", """[{"name": "f", "parameters": []}]""" })
            await AssertError("no list of tools", given, bad);

        async Task AssertError(string expected, string[] arguments, string tools)
        {
            await File.WriteAllTextAsync(folder["tools.json"], tools, TestContext.Current.CancellationToken);
            SampleProgram.Outcome run = await SampleProgram.RunAsync("InstructionTuning", [.. arguments, "--tools", folder["tools.json"], "--output", folder["out"]]);
            run.AssertRefusal(expected);
            Assert.False(Directory.Exists(folder["out"]));
        }
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task ContinuedPretraining_WithoutArguments_UsesTheLongerContext()
    {
        SlowTests.SkipUnlessAsked();
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SampleProgram.Outcome run = await SampleProgram.RunAsync("ContinuedPretraining", "--output", folder.Path);
        TestContext.Current.TestOutputHelper!.WriteLine(run.Output);
        Assert.True(run.ExitCode == 0, run.Error);
        using JsonDocument report = SampleProgram.ReadReport(folder.Path);
        double[] perplexities = [.. report.RootElement.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("values").GetProperty("perplexity@1024").GetDouble())];
        double[] losses = [.. report.RootElement.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("values").GetProperty("loss@512-1023").GetDouble())];
        Assert.InRange(perplexities[2], 1, 12);
        Assert.True(perplexities[2] < perplexities[0] / 8 && perplexities[2] < perplexities[1] / 8, string.Join(", ", perplexities));
        Assert.InRange(losses[2], 0, 0.5);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task InstructionTuning_AllWeightsAndAdapter_LearnsToAnswer()
    {
        SlowTests.SkipUnlessAsked();
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        foreach (string[] arguments in new[] { [], new[] { "--lora" } })
        {
            SampleProgram.Outcome run = await SampleProgram.RunAsync("InstructionTuning", [.. arguments, "--output", folder[$"out{arguments.Length}"]]);
            TestContext.Current.TestOutputHelper!.WriteLine(run.Output);
            Assert.True(run.ExitCode == 0, run.Error);
            using JsonDocument report = SampleProgram.ReadReport(folder[$"out{arguments.Length}"]);
            Assert.InRange(report.RootElement.GetProperty("rightBefore").GetDouble(), 0, 0.1);
            Assert.InRange(report.RootElement.GetProperty("rightAfter").GetDouble(), 0.6, 1);
        }
    }
}
