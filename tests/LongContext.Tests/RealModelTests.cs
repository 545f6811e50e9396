using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Data;
using LongContext.Evaluation;
using LongContext.Evaluation.Metrics;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Tests;

/// <summary>A model that others pretrained, with texts sampled from it: the figures of transformers (shared/models/README.md).</summary>
public sealed class RealModelTests
{
    private const int Stride = 1024;

    private static readonly Lazy<int[]> Tokens = new(() => [.. Tokenizer().EncodeToIds(HeldOutText())]);

    public static MatrixTheoryData<string, int> Rows() => new(["none", "linear8", "dynamic8", "yarn8"], [64, 128, 256, 512, 1024]);

    [Theory, MemberData(nameof(Rows))]
    public void Perplexity_WithoutTuning_IsThatOfTransformers(string scaling, int length)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestPaths.RequireShared("models", "perplexity.json")));
        JsonElement row = golden.RootElement.GetProperty("rows").EnumerateArray()
            .Single(candidate => candidate.GetProperty("scaling").GetString() == scaling && candidate.GetProperty("length").GetInt32() == length);
        Assert.Equal(golden.RootElement.GetProperty("tokens").GetInt32(), Tokens.Value.Length);
        using CausalLanguageModel model = LoadScaled(row);

        HuggingFaceTokenizer tokenizer = Tokenizer();
        var packs = new List<PackedBatch>();
        long bytes = 0;
        for (int window = 0; window < row.GetProperty("windows").GetInt32(); window++)
        {
            int[] text = Tokens.Value[(Stride * window)..(Stride * window + length - 1)];
            packs.Add(PackedBatch.Create([new TokenSequence((int[])[1, .. text])]));
            bytes += Encoding.UTF8.GetByteCount(tokenizer.Decode(text));
        }

        Assert.Equal(row.GetProperty("bytes").GetInt64(), bytes);
        PerplexityAccumulator apart = new PerplexityEvaluator(model).Evaluate(packs, bytes);
        Assert.Equal(1, apart.Perplexity / row.GetProperty("perplexity").GetDouble(), 1e-3);
        Assert.Equal(1, apart.PerplexityPerByte / row.GetProperty("perplexity_per_byte").GetDouble(), 1e-3);

        if (Options(scaling) is { } options)
        {
            using CausalLanguageModel byOptions = CausalLanguageModel.Load(Folder(), options);
            Assert.Equal(apart.Perplexity, new PerplexityEvaluator(byOptions).Evaluate(packs).Perplexity);
        }

        // All eight windows in one pack: the same.
        TokenSequence[] documents = [.. packs.Select(pack => new TokenSequence(pack.InputIds))];
        Assert.Equal(1, new PerplexityEvaluator(model).Evaluate([PackedBatch.Create(documents)]).Perplexity / apart.Perplexity, 1e-6);
    }

    [Fact]
    public void Generate_GreedyFromTheBeginning_IsThatOfTransformers()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestPaths.RequireShared("models", "aidreams-260k.tokens.json")));
        int[] expected = [.. golden.RootElement.GetProperty("greedy_from_bos").EnumerateArray().Select(id => id.GetInt32())];
        using CausalLanguageModel model = CausalLanguageModel.Load(Folder());
        var options = new GenerationOptions { MaximumNewTokens = expected.Length - 1, StopTokenIds = [] };
        Assert.Equal(expected[1..], new TextGenerator(model).Generate(expected.AsSpan(0, 1), options));
    }

    /// <summary>The first windows of the held-out text, as in perplexity.json.</summary>
    internal static PackedBatch[] Windows(int length, int count) =>
        [.. Enumerable.Range(0, count).Select(window =>
            PackedBatch.Create([new TokenSequence((int[])[1, .. Tokens.Value[(Stride * window)..(Stride * window + length - 1)]])]))];

    /// <summary>The text that the figures are of.</summary>
    internal static string HeldOutText() => string.Join('\n', TextDocuments.Read(TestPaths.RequireShared("data", "dreams.jsonl")).TakeLast(400));

    private static string Folder() => TestPaths.RequireShared("models", "aidreams-260k");

    internal static HuggingFaceTokenizer Tokenizer() => HuggingFaceTokenizer.Load(Folder());

    /// <summary>The same scaling asked for on loading, over the model's own config.json.</summary>
    private static ModelLoadOptions? Options(string scaling) => scaling switch
    {
        "linear8" => new ModelLoadOptions { RopeScaling = RopeScaling.Linear(8) },
        "dynamic8" => new ModelLoadOptions { RopeScaling = RopeScaling.DynamicNtk(8) },
        _ => null,
    };

    /// <summary>The model under a config.json with the row's positions; a type that is not there yet skips the test with that reason.</summary>
    internal static CausalLanguageModel LoadScaled(JsonElement row)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        JsonObject config = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder(), "config.json")))!.AsObject();
        config.Remove("rope_scaling");
        config.Remove("rope_theta");
        config["rope_parameters"] = JsonNode.Parse(row.GetProperty("rope_parameters").GetRawText());
        config["max_position_embeddings"] = row.GetProperty("max_position_embeddings").GetInt32();
        File.WriteAllText(folder["config.json"], config.ToJsonString());
        File.Copy(Path.Combine(Folder(), "model.safetensors"), folder["model.safetensors"]);
        try
        {
            return CausalLanguageModel.Load(folder.Path);
        }
        catch (NotSupportedException e)
        {
            Assert.Skip($"{row.GetProperty("scaling").GetString()}: {e.Message}");
            throw;
        }
    }
}
