using System.Text.Json.Nodes;
using LongContext.Chat;
using LongContext.Checkpoints;
using LongContext.Data;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.Recipes;
using LongContext.TestSupport;
using LongContext.Tokenization;
using LongContext.Training;

namespace LongContext.Tests;

/// <summary>The READMEs' program: compiled here, run here, and the same text there.</summary>
public sealed class ReadmeTests
{
    private const string ChatMl =
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    [Fact]
    public async Task Snippet_OnATinyModel_ExtendsTrainsAndSaves()
    {
        using TemporaryFolder folder = ModelCheckpoints(out string text);
        File.WriteAllText(folder["texts.txt"], text);
        await Extend([folder["model"], folder["texts.txt"], folder["long"]]);

        ModelConfig config = ModelConfig.Load(folder["long"]);
        Assert.Equal((8 * TinyModels.TrainedWindow, RopeScaling.Linear(8)), (config.MaxPositionEmbeddings, config.RopeScaling));
        using CausalLanguageModel model = CausalLanguageModel.Load(folder["long"]);
        Assert.Equal(TinyModels.Vocabulary, HuggingFaceTokenizer.Load(folder["long"]).VocabularySize);
        Assert.NotNull(TrainingCheckpoint.FindLatest(folder["long/checkpoints"]));
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("src/LongContext/README.md")]
    public void Readme_ItsProgram_IsTheOneCompiledHere(string file)
    {
        Assert.SkipWhen(TestPaths.RepositoryRoot is null, "the tests run away from the repository");
        string[] readme = Block(Path.Combine(TestPaths.RepositoryRoot!, file), line => line == "```csharp", line => line == "```");
        string source = Path.Combine(TestPaths.RepositoryRoot!, "tests", "LongContext.Tests", "ReadmeTests.cs");
        string[] compiled = Block(source, line => line == "// <README>", line => line == "// </README>");
        string[] usings = [.. File.ReadLines(source).TakeWhile(line => line.StartsWith("using ", StringComparison.Ordinal))];

        Assert.Equal(compiled, readme.Where(line => line.Length > 0 && !line.StartsWith("using LongContext", StringComparison.Ordinal)));
        Assert.All(readme.Where(line => line.StartsWith("using LongContext.", StringComparison.Ordinal)), line => Assert.Contains(line, usings));
        Assert.InRange(compiled.Length, 10, 24);
    }

    [Fact]
    public void SecondSnippet_OnATinyModel_ExtendsAndMasks()
    {
        using TemporaryFolder folder = ModelCheckpoints(out _);
        string config = folder["model/tokenizer_config.json"];
        JsonNode json = JsonNode.Parse(File.ReadAllText(config))!;
        json["chat_template"] = ChatMl;
        File.WriteAllText(config, json.ToJsonString());

        (CausalLanguageModel model, TokenSequence example) = ExtendAndEncode(folder["model"], 4 * TinyModels.TrainedWindow);

        using (model) Assert.Equal((4 * TinyModels.TrainedWindow, RopeScaling.Linear(4)), (model.ContextLength, model.Config.RopeScaling));
        Assert.NotEqual(0, example.Length);
    }

    [Fact]
    public void Readme_ItsSecondProgram_IsTheOneCompiledHere()
    {
        Assert.SkipWhen(TestPaths.RepositoryRoot is null, "the tests run away from the repository");
        string source = Path.Combine(TestPaths.RepositoryRoot!, "tests", "LongContext.Tests", "ReadmeTests.cs");
        string[] readme = Block(Path.Combine(TestPaths.RepositoryRoot!, "README.md"), line => line == "```csharp", line => line == "```", skip: 1);
        Assert.Equal(
            Block(source, line => line == "// <README2>", line => line == "// </README2>"),
            readme.SkipWhile(line => line.StartsWith("using LongContext.", StringComparison.Ordinal) || line.StartsWith("// given: ", StringComparison.Ordinal)));
    }

    private static (CausalLanguageModel Model, TokenSequence Example) ExtendAndEncode(string modelFolder, int contextLength)
    {
        var tokenizer = HuggingFaceTokenizer.Load(modelFolder);
        var model = CausalLanguageModel.Load(modelFolder);
        // <README2>
        ContextExtensionAdvice advice = ContextExtensionAdvice.For(model.Config, contextLength, fineTuned: true);
        Console.WriteLine($"{advice.Method} ×{advice.Factor}: {advice.Reason}");
        if (advice.Method is { } method) model.ExtendTo(contextLength, method);
        ChatFormat format = ChatFormat.Load(modelFolder); // by the folder's own template
        TokenSequence example = format.Render([ChatTurn.User("How long is a kilometre?"), ChatTurn.Assistant("1,000 metres.")]).Encode(tokenizer);
        // </README2>
        return (model, example);
    }

    private static async Task Extend(string[] args)
    {
        // <README>
        string modelFolder = args[0], dataFile = args[1], outputFolder = args[2];
        var tokenizer = HuggingFaceTokenizer.Load(modelFolder);
        using var model = CausalLanguageModel.Load(modelFolder, new ModelLoadOptions { RopeScaling = RopeScaling.Linear(8) });
        var documents = ContinuedPretraining.Sequences(TextDocuments.Read(dataFile), tokenizer, model.ContextLength, joins: true); // short texts alone teach nothing about distance
        var packs = new SequencePacker(new SequencePackerOptions { ContextLength = model.ContextLength }).Pack(documents);
        using var trainer = new LongContextTrainer(model, new TrainerOptions
        {
            Epochs = 2,
            LearningRate = 2e-5, // as published for 7B models; small ones learn at 1e-4 to 3e-3
            Schedule = LearningRateSchedule.Cosine(warmupSteps: 2),
            CheckpointFolder = Path.Combine(outputFolder, "checkpoints"),
        });
        var progress = new Progress<TrainingProgress>(p => Console.WriteLine($"{p.Step}/{p.TotalSteps}  loss {p.Loss:F3}  {p.TokensPerSecond:F0} tokens/s"));
        trainer.ResumeLatest(); // a run that was stopped goes on
        Console.WriteLine(await trainer.TrainAsync(packs, progress)); // "nothing trained" where the folder's run is done
        model.Save(outputFolder);
        // </README>
    }

    /// <summary>A float32 model with a tokenizer of words, and a text of some windows.</summary>
    private static TemporaryFolder ModelCheckpoints(out string text)
    {
        string[] words = [.. Enumerable.Range(0, TinyModels.Vocabulary).Select(i => i switch { 0 => "<unk>", 1 => "<s>", 2 => "</s>", _ => "w" + i })];
        TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create(dataType: TorchSharp.torch.ScalarType.Float32);
        model.Save(folder["model"]);
        HuggingFaceTokenizer.CreateWordLevel(words, "<unk>", "<s>", "</s>").Save(folder["model"]);
        text = string.Join(' ', TinyModels.Tokens(1000, 1).Select(id => words[id]));
        return folder;
    }

    /// <summary>The lines between two marks, without the first line's indentation and without empty ones.</summary>
    private static string[] Block(string path, Func<string, bool> begins, Func<string, bool> ends, int skip = 0)
    {
        IEnumerable<string> rest = File.ReadLines(path).SkipWhile(line => !begins(line.Trim())).Skip(1);
        for (; skip > 0; skip--) rest = rest.SkipWhile(line => !begins(line.Trim())).Skip(1);
        string[] lines = [.. rest.TakeWhile(line => !ends(line.Trim()))];
        Assert.NotEmpty(lines);
        int indentation = lines[0].Length - lines[0].TrimStart().Length;
        return [.. lines.Where(line => line.Trim().Length > 0).Select(line => line[indentation..])];
    }
}
