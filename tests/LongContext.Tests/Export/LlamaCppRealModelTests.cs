using System.Text.Json;
using LongContext.Data;
using LongContext.Export;
using LongContext.Generation;
using LongContext.Gguf;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Tests.Export;

/// <summary>A pretrained model with its tokenizer, plain and stretched to eight times its window, in llama.cpp.</summary>
[Trait("Category", "Slow")]
public sealed class LlamaCppRealModelTests
{
    private const int Continued = 64;

    /// <summary>Longer than any passage: a full context makes the binding drop what it began with.</summary>
    private const int Window = 1_280;

    private const string Template = "{% for message in messages %}{{ message['content'] }}{% endfor %}";

    public static MatrixTheoryData<bool, GgufTensorType> Rows() =>
        new([false, true], [GgufTensorType.Float32, GgufTensorType.Float16, GgufTensorType.BFloat16, GgufTensorType.Q8_0]);

    [Theory, MemberData(nameof(Rows))]
    public void Export_RealModel_ReadsAndWritesAsThisLibrary(bool stretched, GgufTensorType type)
    {
        string source = TestPaths.RequireShared("models", "aidreams-260k");
        LlamaCpp.SkipUnlessThere();
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = CausalLanguageModel.Load(source, stretched ? new ModelLoadOptions { RopeScaling = RopeScaling.Linear(8) } : null);
        GgufExporter.Export(model, folder["model.gguf"], new GgufExportOptions { ElementType = type, ChatTemplate = Template });

        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(source);
        string[] texts = Texts();
        int[][] prompts = [[1], .. texts[..6].Select(text => (int[])[1, .. tokenizer.EncodeToIds(text[..Math.Min(text.Length, 60)])])];
        int[] passage = [1, .. tokenizer.EncodeToIds(string.Join('\n', Dreams(stretched ? 12 : 1)))];
        passage = passage[..Math.Min(passage.Length, model.ContextLength)];
        LlamaCppResult result = LlamaCpp.Run(new LlamaCppJob(folder["model.gguf"])
        {
            ContextSize = Window,
            VocabularySize = model.Config.VocabularySize,
            Texts = texts,
            Prompts = [.. prompts.Select(prompt => new LlamaCppPrompt(prompt, Continued))],
            Sequences = [passage],
        })[0];
        Assert.True(result.Error is null, $"{result.Error} {string.Join(" | ", result.Messages)}");

        Assert.Equal(model.ContextLength, result.TrainContext);
        Assert.Equal(Template, result.ChatTemplate);
        Assert.All(texts.Zip(result.Texts), pair => Assert.Equal(tokenizer.EncodeToIds(pair.First), pair.Second));

        var generator = new TextGenerator(model);
        var greedy = new GenerationOptions { MaximumNewTokens = Continued, StopTokenIds = [] };
        int[][] continued = [.. prompts.Select(prompt => generator.Generate(prompt, greedy))];
        int same = continued.Zip(result.Prompts).Sum(pair => pair.First.Zip(pair.Second).TakeWhile(ids => ids.First == ids.Second).Count());
        double[][] ours = Distributions.FromLogits(TinyModels.Logits(model, PackedBatch.Create([new TokenSequence(passage)])), model.Config.VocabularySize);
        double divergence = Distributions.Divergence(ours, result.Sequences[0]);
        Console.WriteLine($"{type}{(stretched ? " linear x8" : "")}: {same} of {prompts.Length * Continued} greedy tokens until the first other one; "
            + $"divergence {divergence:E2} nats and distance {Distributions.Distance(ours, result.Sequences[0]):E2} over {passage.Length} tokens");
        if (type == GgufTensorType.Float32) Assert.Equal(continued, result.Prompts);
        Assert.InRange(divergence, -1e-6, Allowed(type));
    }

    /// <summary>Average divergence in nats: what rounding of the weights costs, with a margin.</summary>
    private static double Allowed(GgufTensorType type) => type switch
    {
        GgufTensorType.Float32 => 1e-7,
        GgufTensorType.Float16 => 1e-5,
        GgufTensorType.BFloat16 => 1e-3,
        _ => 1e-2,
    };

    private static string[] Texts()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestPaths.RequireShared("models", "aidreams-260k.tokens.json")));
        return [.. golden.RootElement.GetProperty("cases").EnumerateArray().Select(row => row.GetProperty("text").GetString()!), .. Dreams(100)];
    }

    private static IEnumerable<string> Dreams(int count) => TextDocuments.Read(TestPaths.RequireShared("data", "dreams.jsonl")).Take(count);
}
