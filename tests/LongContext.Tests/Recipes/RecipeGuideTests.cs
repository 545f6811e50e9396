using LongContext.Checkpoints;
using LongContext.Data;
using LongContext.Packing;
using LongContext.Models;
using LongContext.Recipes;
using LongContext.TestSupport;
using LongContext.Tokenization;
using LongContext.Training.Memory;
using static TorchSharp.torch;

namespace LongContext.Tests.Recipes;

/// <summary>The programs of docs/recipes.md: compiled here, the first one run here, and the same text there.</summary>
public sealed class RecipeGuideTests
{
    [Fact]
    public async Task FirstProgram_OnATinyModel_ExtendsTrainsAndSaves()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        RecipeData.Load(folder["base"]).Dispose();
        await File.WriteAllLinesAsync(folder["texts.jsonl"], RecipeData.Texts(500, 900, 300).Select(text => $"{{\"text\": \"{text}\"}}"), TestContext.Current.CancellationToken);
        Directory.CreateDirectory(folder["run"]);
        RecipeReport report = await Extend(folder["base"], folder["texts.jsonl"], folder["run/long-model"], folder["run/checkpoints"], contextLength: 128, steps: 3);
        Assert.Equal(3, report.Training.Steps);
        Assert.Equal(128, ModelConfig.Load(folder["run/long-model"]).MaxPositionEmbeddings);
    }

    [Fact]
    public void Guide_ItsPrograms_AreThoseCompiledHere()
    {
        Assert.SkipWhen(TestPaths.RepositoryRoot is null, "the tests run away from the repository");
        string guide = Path.Combine(TestPaths.RepositoryRoot!, "docs", "recipes.md");
        string source = Path.Combine(TestPaths.RepositoryRoot!, "tests", "LongContext.Tests", "Recipes", "RecipeGuideTests.cs");
        (string, string)[] names = [("textFile", "\"texts.jsonl\""), ("outputFolder", "\"long-model\""), ("checkpointFolder", "\"checkpoints\""), ("Steps = steps", "Steps = 500"), ("contextLength: contextLength", "contextLength: 32_768"), ("ContextLength = contextLength", "ContextLength = 32_768")];
        Assert.Equal(GuideText.Blocks(source, "// <GUIDE>", "// </GUIDE>").Select(line => names.Aggregate(line, (text, name) => text.Replace(name.Item1, name.Item2, StringComparison.Ordinal))), GuideText.Programs(guide));
    }

    private static async Task<RecipeReport> Extend(string folder, string textFile, string outputFolder, string checkpointFolder, int contextLength, int steps)
    {
        // <GUIDE>
        using var model = CausalLanguageModel.Load(folder);
        var tokenizer = HuggingFaceTokenizer.Load(folder);
        var documents = ContinuedPretraining.Sequences(TextDocuments.Read(textFile), tokenizer, contextLength: contextLength);
        TrainingRecipe recipe = ContinuedPretraining.Compose(model.Config, DataSource.FromList(documents, epochs: null), new ContinuedPretrainingOptions
        {
            ContextLength = contextLength,
            OutputFolder = outputFolder,
            Trainer = ContinuedPretraining.DefaultTrainer with { Steps = steps, GradientAccumulationSteps = 8, CheckpointFolder = checkpointFolder, CheckpointEverySteps = 50 },
        });
        RecipeReport report = await recipe.RunAsync(model);
        // </GUIDE>
        return report;
    }

    /// <summary>Compiled, and never called: it asks for a GPU and a model of 8 billion parameters.</summary>
    private static TrainingRecipe ComposeForCard(string folder, IDataSource<TokenSequence> source)
    {
        // <GUIDE>
        TrainingPreset preset = TrainingPreset.QLora;
        MemoryPlan plan = MemoryPlanner.Plan(preset.Request(ModelConfig.Load(folder), cardGigabytes: 24, hostGigabytes: 48), tokens: 65_536);
        using var model = CausalLanguageModel.Load(folder, new ModelLoadOptions { Device = CUDA, DataType = ScalarType.BFloat16, WeightQuantization = preset.WeightQuantization });
        TrainingRecipe recipe = InstructionTuning.Compose(model.Config, source, new InstructionTuningOptions
        {
            ContextLength = 65_536,
            Adapter = preset.Adapter,
            Trainer = preset.Apply(InstructionTuning.DefaultAdapterTrainer with { Steps = 400 }, plan),
        });
        // </GUIDE>
        return recipe;
    }
}
