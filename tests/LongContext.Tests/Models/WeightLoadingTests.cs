using System.Text.Json.Nodes;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Models;

/// <summary>Types of weights in files: 8-bit floats with their scales, mixed types, what is quantised in other ways, what is too much.</summary>
public sealed class WeightLoadingTests
{
    private const string Projection = "model.layers.0.mlp.down_proj.weight"; // [32, 40]

    public enum Scales
    {
        None,
        Tensor,
        Row,
        RowVector,
        Block,
    }

    [Fact]
    public void Load_ThatNobodyWantsAnyMore_EndsBeforeTheNextTensor()
    {
        using TemporaryFolder folder = ModelCheckpointTests.SavedModel(out _);
        Assert.Throws<OperationCanceledException>(() => CausalLanguageModel.Load(folder.Path, new ModelLoadOptions { CancellationToken = new CancellationToken(canceled: true) }));
    }

    [Theory]
    [InlineData(Scales.None, "", null)]
    [InlineData(Scales.Tensor, "_scale", """{"quant_method": "compressed-tensors", "format": "float-quantized"}""")]
    [InlineData(Scales.Row, "_scale", """{"quant_method": "fbgemm_fp8"}""")]
    [InlineData(Scales.RowVector, "_scale", """{"quant_method": "compressed-tensors", "format": "naive-quantized"}""")]
    [InlineData(Scales.Block, "_scale_inv", """{"quant_method": "fp8", "weight_block_size": [16, 24]}""")]
    [InlineData(Scales.Block, "_scale_inv", """{"quant_method": "fp8"}""")]
    public void Load_Float8_IsValueTimesScale(Scales scales, string suffix, string? quantization)
    {
        using TemporaryFolder folder = ModelCheckpointTests.SavedModel(out _);
        byte[] bits = new byte[32 * 40];
        var random = new Random(7);
        for (int i = 0; i < bits.Length; i++) bits[i] = (byte)((random.Next(0x7F) & 0x47) | (random.Next(2) << 7)); // nothing above 7.5
        (long[] shape, int blockRows, int blockColumns) = (scales, quantization?.Contains("16, 24", StringComparison.Ordinal)) switch
        {
            (Scales.Row, _) => ([32, 1], 1, 40),
            (Scales.RowVector, _) => ([32], 1, 40),
            (Scales.Block, true) => (new long[] { 2, 2 }, 16, 24),
            (Scales.Block, _) => ([1, 1], 128, 128),
            _ => ([], 32, 40),
        };
        float[] factors = [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => (float)(0.5 + random.NextDouble()))];
        var replaced = new List<SafetensorsEntry> { new(Projection, TensorDataType.Float8E4M3, [32, 40], stream => stream.Write(bits)) };
        if (scales != Scales.None) replaced.Add(SafetensorsEntry.Create<float>(Projection + suffix, shape, factors));
        Replace(folder.Path, replaced);
        if (quantization is not null) SetQuantization(folder, quantization);

        using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path, new ModelLoadOptions { DequantizesWeights = true });

        float[] actual = model.Parameters[Projection].data<float>().ToArray();
        int across = (39 / blockColumns) + 1;
        for (int i = 0; i < bits.Length; i++)
        {
            float factor = scales == Scales.None ? 1 : factors[(i / 40 / blockRows * across) + (i % 40 / blockColumns)];
            Assert.Equal(Float8E4M3.ToSingle(bits[i]) * factor, actual[i]);
        }

        // Left as it is in the files, it is computed with in the same way.
        using (CausalLanguageModel kept = CausalLanguageModel.Load(folder.Path))
        {
            using Tensor values = kept.Parameters.Dequantize(Projection, ScalarType.Float32);
            Assert.Equal(actual, values.data<float>().ToArray());
            bool one = scales != Scales.None && factors.Length is (1 or 32); // a block that is the whole matrix has one scale for all
            Assert.Equal(quantization is not null && one, kept.Parameters[Projection].dtype == ScalarType.Byte);
        }

        // Saved, it is a folder of plain weights.
        using TemporaryFolder saved = TestPaths.NewTemporaryFolder();
        model.Save(saved.Path);
        Assert.DoesNotContain("quantization_config", File.ReadAllText(saved["config.json"]), StringComparison.Ordinal);
        using CausalLanguageModel again = CausalLanguageModel.Load(saved.Path);
        TinyModels.AssertSameBytes(TinyModels.Bytes(model), TinyModels.Bytes(again));
    }

    [Theory]
    [InlineData("""{"quant_method": "fp8", "weight_block_size": [16, 24]}""", 3, "weight_scale_inv", "[2, 2]")]
    [InlineData("""{"quant_method": "fp8", "weight_block_size": [16, 0]}""", 4, "weight_block_size", "[16, 0]")]
    [InlineData("""{"quant_method": "fp8"}""", 0, "down_proj.weight", "missing")]
    public void Load_Float8WithWrongScale_NamesTensorOrField(string quantization, int factors, params string[] named)
    {
        using TemporaryFolder folder = ModelCheckpointTests.SavedModel(out _);
        List<SafetensorsEntry> replaced = [new(Projection, TensorDataType.Float8E4M3, [32, 40], stream => stream.Write(new byte[32 * 40]))];
        if (factors > 0) replaced.Add(SafetensorsEntry.Create<float>(Projection + "_scale_inv", [factors], new float[factors]));
        Replace(folder.Path, replaced);
        SetQuantization(folder, quantization);

        string message = Assert.Throws<CheckpointFormatException>(() => CausalLanguageModel.Load(folder.Path)).Message;
        Assert.All(named, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    [Fact]
    public void Load_Float8NotANumber_SaysWhere()
    {
        using TemporaryFolder folder = ModelCheckpointTests.SavedModel(out _);
        byte[] bits = new byte[32 * 40];
        bits[(3 * 40) + 5] = 0xFF;
        Replace(folder.Path, [new SafetensorsEntry(Projection, TensorDataType.Float8E4M3, [32, 40], stream => stream.Write(bits))]);
        string message = Assert.Throws<CheckpointFormatException>(() => CausalLanguageModel.Load(folder.Path)).Message;
        Assert.Contains($"'{Projection}' is not a number at [3, 5]", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"quant_method": "gptq", "bits": 3, "group_size": 128}""", "gptq, 3 bits")]
    [InlineData("""{"quant_method": "gptq", "bits": 4, "checkpoint_format": "marlin"}""", "marlin")]
    [InlineData("""{"quant_method": "awq", "bits": 4, "version": "gemv"}""", "gemv")]
    [InlineData("""{"quant_method": "awq", "bits": 8}""", "awq, 8 bits")]
    [InlineData("""{"quant_method": "bitsandbytes", "load_in_4bit": true, "bnb_4bit_quant_type": "fp4"}""", "fp4")]
    [InlineData("""{"load_in_8bit": true}""", "unnamed, 8 bits")]
    [InlineData("""{"quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized"}""", "nvfp4")]
    [InlineData("""{"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": {"a": {"weights": {"num_bits": 3}}}}""", "3 bits")]
    [InlineData("""{"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": {"a": {"weights": {"num_bits": 4}}, "b": {"weights": {"num_bits": 8}}}}""", "2 ways")]
    [InlineData("""{"quant_method": "mxfp4"}""", "mxfp4")]
    public void Load_QuantisedOtherwise_IsRefusedWithAWayOut(string quantization, string named)
    {
        using TemporaryFolder folder = ModelCheckpointTests.SavedModel(out _);
        SetQuantization(folder, quantization);
        string message = Assert.Throws<NotSupportedException>(() => CausalLanguageModel.Load(folder.Path)).Message;
        Assert.All([named, "config.json", "quantization_config", "dequantise"], part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    [Fact]
    public void Load_TensorTheModelDoesNotHave_IsRefusedUnlessAllowed()
    {
        using TemporaryFolder folder = ModelCheckpointTests.SavedModel(out Dictionary<string, byte[]> bytes);
        Replace(folder.Path, [SafetensorsEntry.Create<float>("model.layers.0.self_attn.q_proj.bias", [32], new float[32])]);

        string message = Assert.Throws<CheckpointFormatException>(() => CausalLanguageModel.Load(folder.Path)).Message;
        Assert.All(["q_proj.bias", "IgnoreUnknownTensors", folder.Path], part => Assert.Contains(part, message, StringComparison.Ordinal));
        using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path, new ModelLoadOptions { IgnoreUnknownTensors = true });
        TinyModels.AssertSameBytes(bytes, TinyModels.Bytes(model));
    }

    [Fact]
    public void Load_BuffersOfOlderTransformers_AreLeftOut()
    {
        using TemporaryFolder folder = ModelCheckpointTests.SavedModel(out Dictionary<string, byte[]> bytes);
        Replace(folder.Path, [SafetensorsEntry.Create<float>("model.layers.0.self_attn.rotary_emb.inv_freq", [4], new float[4])]);
        using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path);
        TinyModels.AssertSameBytes(bytes, TinyModels.Bytes(model));
    }

    [Fact]
    public void Load_MixedTypes_BecomeTheEmbeddings()
    {
        using TemporaryFolder folder = ModelCheckpointTests.SavedModel(out _);
        ModelCheckpointTests.Rewrite(folder.Path, (name, tensor) => name.Contains("norm", StringComparison.Ordinal) ? tensor : tensor.to(ScalarType.BFloat16));
        using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path);
        Assert.All(model.Parameters.Values, parameter => Assert.Equal(ScalarType.BFloat16, parameter.dtype));
    }

    [Fact]
    public void Load_ManyShards_GivesTheSameWeightsInTheSameOrder()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float32);
        model.Save(folder.Path, maximumShardBytes: 5_000);
        Assert.True(Directory.GetFiles(folder.Path, "*.safetensors").Length > 5);
        using CausalLanguageModel loaded = CausalLanguageModel.Load(folder.Path);
        TinyModels.AssertSameBytes(TinyModels.Bytes(model), TinyModels.Bytes(loaded));
    }

    [Theory]
    [InlineData("language_model.model.")]
    [InlineData("model.language_model.")]
    public void Load_TextPartOfAModelWithImages_IsTheLanguageModelAlone(string prefix)
    {
        using TemporaryFolder alone = TestPaths.NewTemporaryFolder(), whole = TestPaths.NewTemporaryFolder();
        ModelConfig config = TinyModels.Config(tied: true) with { ModelType = "gemma3_text", HeadDimension = 8 };
        using CausalLanguageModel model = CausalLanguageModel.Create(config, seed: 3);
        model.Save(alone.Path);
        var entries = new List<SafetensorsEntry> { SafetensorsEntry.Create<float>("vision_tower.patches.weight", [3], new float[3]) };
        foreach ((string name, Tensor tensor) in model.Parameters)
            entries.Add(SafetensorsTensors.Entry(prefix + name["model.".Length..], tensor));
        CheckpointWriter.Write(whole.Path, entries);
        JsonObject text = JsonNode.Parse(File.ReadAllText(alone["config.json"]))!.AsObject();
        text.Remove("eos_token_id");
        foreach (string implied in new[] { "architectures", "sliding_window" }) text.Remove(implied);
        File.WriteAllText(whole["config.json"], new JsonObject { ["model_type"] = "gemma3", ["eos_token_id"] = 2, ["text_config"] = text, ["vision_config"] = new JsonObject() }.ToJsonString());

        using CausalLanguageModel loaded = CausalLanguageModel.Load(whole.Path);

        TinyModels.AssertSameBytes(TinyModels.Bytes(model), TinyModels.Bytes(loaded));
        Assert.Equal([2], loaded.Config.EndOfSentenceTokenIds);
        var prompt = LongContext.Packing.PackedBatch.CreatePrompt(TinyModels.Tokens(20, 1));
        Assert.Equal(TinyModels.Logits(model, prompt), TinyModels.Logits(loaded, prompt));
        using TemporaryFolder saved = TestPaths.NewTemporaryFolder();
        loaded.Save(saved.Path);
        Assert.Equal("gemma3_text", ModelConfig.Load(saved.Path).ModelType);
    }

    [Fact]
    public void Parse_TextPartThatSaysLittle_HasGemma3sDefaults()
    {
        ModelConfig config = ModelConfig.Parse(
            """{"model_type": "gemma3", "text_config": {"hidden_size": 2560, "num_hidden_layers": 34, "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024}}""",
            "config.json");
        Assert.Equal((262_208, 8, 4, 256, 131_072), (config.VocabularySize, config.HeadCount, config.KeyValueHeadCount, config.HeadDimension, config.MaxPositionEmbeddings));
        Assert.Equal(LongContext.Positions.RopeScaling.Linear(8), config.RopeOf("full_attention").Scaling);
        Assert.Equal(10_000, config.RopeOf("sliding_attention").Theta);
    }

    /// <summary>Writes a folder's weights again with some tensors in place of others or added.</summary>
    private static void Replace(string folder, IReadOnlyList<SafetensorsEntry> replaced)
    {
        List<SafetensorsEntry> entries = [.. replaced];
        using (CheckpointReader reader = CheckpointReader.Open(folder))
        {
            foreach (string name in reader.TensorNames.Where(name => replaced.All(entry => entry.Name != name)))
            {
                Assert.True(reader.TryFind(name, out SafetensorsFile? file, out TensorInfo? info));
                byte[] bytes = file.GetBytes(name).ToArray();
                entries.Add(new SafetensorsEntry(name, info.DataType, info.Shape, stream => stream.Write(bytes)));
            }
        }

        CheckpointWriter.Write(folder, entries);
    }

    private static void SetQuantization(TemporaryFolder folder, string quantization)
    {
        JsonNode config = JsonNode.Parse(File.ReadAllText(folder["config.json"]))!;
        config["quantization_config"] = JsonNode.Parse(quantization);
        File.WriteAllText(folder["config.json"], config.ToJsonString());
    }

    [Fact]
    public void Load_ScaleBesideAPlainWeight_IsRefused()
    {
        using TemporaryFolder folder = ModelCheckpointTests.SavedModel(out _);
        Replace(folder.Path, [SafetensorsEntry.Create<float>(Projection + "_scale", [1], new float[] { 2 })]);
        Assert.Contains(Projection + "_scale", Assert.Throws<CheckpointFormatException>(() => CausalLanguageModel.Load(folder.Path)).Message, StringComparison.Ordinal);
    }
}
