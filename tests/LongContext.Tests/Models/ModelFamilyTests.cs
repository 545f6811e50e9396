using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Models.Families;

namespace LongContext.Tests.Models;

/// <summary>What config files of the families mean, where the fixtures do not say it, and what is refused.</summary>
public sealed class ModelFamilyTests
{
    private static readonly string[] Expected =
        ["gemma2", "gemma3_text", "granite", "llama", "mistral", "olmo2", "phi3", "qwen2", "qwen3", "smollm3"];

    public static TheoryData<string> Families() => [.. Expected];

    [Fact]
    public void Names_AreTheTenFamilies() => Assert.Equal(Expected, ModelFamily.Names);

    [Theory, MemberData(nameof(Families))]
    public void Create_MinimalConfig_RunsAndSavesAndLoads(string family)
    {
        ModelConfig config = TinyModels.Config() with { ModelType = family };
        if (family is not ("gemma2" or "gemma3_text" or "qwen3")) Assert.Equal(8, config.HeadDimension);
        using CausalLanguageModel model = CausalLanguageModel.Create(config with { HeadDimension = 8 }, seed: 3);
        Assert.All(model.Parameters, parameter => Assert.True(parameter.Value.numel() > 0));
        double[] logits = TinyModels.Logits(model, LongContext.Packing.PackedBatch.CreatePrompt(TinyModels.Tokens(20, 1)));
        Assert.All(logits, value => Assert.True(double.IsFinite(value)));

        using TestSupport.TemporaryFolder folder = TestSupport.TestPaths.NewTemporaryFolder();
        model.Save(folder.Path);
        using CausalLanguageModel loaded = CausalLanguageModel.Load(folder.Path);
        TinyModels.AssertSameBytes(TinyModels.Bytes(model), TinyModels.Bytes(loaded));
        Assert.Equal(family, loaded.Config.ModelType);
        Assert.NotEmpty(loaded.Config.Architectures);
        Assert.Equal(logits, TinyModels.Logits(loaded, LongContext.Packing.PackedBatch.CreatePrompt(TinyModels.Tokens(20, 1))));
    }

    [Theory]
    [InlineData("mistral", "", "4096 4096 4096 4096 4096 4096 4096 4096")]
    [InlineData("mistral", "\"sliding_window\": null", "- - - - - - - -")]
    [InlineData("mistral", "\"sliding_window\": 7", "7 7 7 7 7 7 7 7")]
    [InlineData("llama", "\"sliding_window\": 7", "- - - - - - - -")]
    [InlineData("phi3", "", "- - - - - - - -")]
    [InlineData("phi3", "\"sliding_window\": 5", "5 5 5 5 5 5 5 5")]
    [InlineData("qwen2", "\"sliding_window\": 5", "- - - - - - - -")]
    [InlineData("qwen2", "\"sliding_window\": 5, \"use_sliding_window\": true", "- - - - - - - -")]
    [InlineData("qwen2", "\"sliding_window\": 5, \"use_sliding_window\": true, \"max_window_layers\": 6", "- - - - - - 5 5")]
    [InlineData("qwen3", "\"use_sliding_window\": true, \"max_window_layers\": 6", "- - - - - - 4096 4096")]
    [InlineData("gemma2", "\"sliding_window\": 5", "5 - 5 - 5 - 5 -")]
    [InlineData("gemma3_text", "\"sliding_window\": 5", "5 5 5 5 5 - 5 5")]
    [InlineData("gemma3_text", "\"sliding_window\": 5, \"sliding_window_pattern\": 3", "5 5 - 5 5 - 5 5")]
    [InlineData("gemma3_text", "\"sliding_window\": 5, \"_sliding_window_pattern\": 2", "5 - 5 - 5 - 5 -")]
    [InlineData("smollm3", "", "- - - - - - - -")]
    [InlineData("smollm3", "\"sliding_window\": 5, \"use_sliding_window\": true", "- - - 5 - - - 5")]
    public void Layers_WindowFields_MeanWhatTheyMeanInTransformers(string family, string fields, string expected)
    {
        DecoderShape shape = ModelFamily.ReadShape(Parse(family, fields));
        Assert.Equal(expected, string.Join(' ', shape.Layers.Select(layer => layer.SlidingWindow?.ToString() ?? "-")));
    }

    [Theory]
    [InlineData("", "1 1 1 0 1 1 1 0")]
    [InlineData("\"no_rope_layer_interval\": 3", "1 1 0 1 1 0 1 1")]
    [InlineData("\"no_rope_layers\": [0, 1, 1, 1, 0, 0, 1, 0]", "0 1 1 1 0 0 1 0")]
    public void SmolLm3_NoRopeLayers_SayWhichHavePositions(string fields, string expected)
    {
        DecoderShape shape = ModelFamily.ReadShape(Parse("smollm3", fields));
        Assert.Equal(expected, string.Join(' ', shape.Layers.Select(layer => layer.HasPositions ? "1" : "0")));
    }

    [Fact]
    public void AbsentFields_MeanTheFamilysDefaults()
    {
        DecoderShape gemma2 = ModelFamily.ReadShape(Parse("gemma2", ""));
        Assert.Equal((50.0, 30.0, 1 / 16.0), (gemma2.AttentionSoftCap, gemma2.LogitSoftCap, gemma2.AttentionScale));
        Assert.Equal((256, true, Activation.GeluTanh), (gemma2.HeadDimension, gemma2.TieWordEmbeddings, gemma2.Activation));
        DecoderShape gemma3 = ModelFamily.ReadShape(Parse("gemma3_text", "\"hidden_act\": \"silu\""));
        Assert.Equal((null, null, Activation.GeluTanh), (gemma3.AttentionSoftCap, gemma3.LogitSoftCap, gemma3.Activation));
        DecoderShape granite = ModelFamily.ReadShape(Parse("granite", ""));
        Assert.Equal((1.0, 1.0, 1.0, 1.0), (granite.EmbeddingScale, granite.AttentionScale, granite.ResidualScale, granite.LogitScale));
        Assert.Equal(128, ModelFamily.ReadShape(Parse("qwen3", "")).HeadDimension);
        Assert.True(ModelFamily.ReadShape(Parse("smollm3", "")).TieWordEmbeddings);
        Assert.False(ModelFamily.ReadShape(Parse("olmo2", "")).TieWordEmbeddings);
    }

    [Theory]
    [InlineData("mistral", "\"sliding_window\": 0", "sliding_window")]
    [InlineData("qwen2", "\"layer_types\": [\"full_attention\"]", "layer_types")]
    [InlineData("qwen2", "\"layer_types\": [\"sliding_attention\",\"full_attention\",\"full_attention\",\"full_attention\",\"full_attention\",\"full_attention\",\"full_attention\",\"full_attention\"]", "sliding_window")]
    [InlineData("gemma2", "\"attn_logit_softcapping\": 0", "attn_logit_softcapping")]
    [InlineData("gemma2", "\"final_logit_softcapping\": -1", "final_logit_softcapping")]
    [InlineData("gemma2", "\"query_pre_attn_scalar\": 0", "query_pre_attn_scalar")]
    [InlineData("gemma3_text", "\"sliding_window_pattern\": 0", "sliding_window_pattern")]
    [InlineData("granite", "\"logits_scaling\": 0", "logits_scaling")]
    [InlineData("granite", "\"residual_multiplier\": \"x\"", "residual_multiplier")]
    [InlineData("smollm3", "\"no_rope_layers\": [1, 0]", "no_rope_layers")]
    [InlineData("smollm3", "\"no_rope_layers\": [1, 0, 2, 1, 1, 1, 1, 1]", "no_rope_layers")]
    [InlineData("smollm3", "\"no_rope_layer_interval\": 0", "no_rope_layer_interval")]
    public void ReadShape_FieldOutOfRange_NamesIt(string family, string fields, string named) =>
        Assert.Contains($"'{named}'", Assert.Throws<CheckpointFormatException>(() => ModelFamily.ReadShape(Parse(family, fields))).Message
            .Replace("there is no sliding_window", "'sliding_window'", StringComparison.Ordinal), StringComparison.Ordinal);

    [Theory]
    [InlineData("qwen2", "\"layer_types\": [\"linear_attention\",\"full_attention\",\"full_attention\",\"full_attention\",\"full_attention\",\"full_attention\",\"full_attention\",\"full_attention\"]", "linear_attention")]
    [InlineData("gemma3_text", "\"use_bidirectional_attention\": true", "use_bidirectional_attention")]
    [InlineData("llama", "\"hidden_act\": \"mish\"", "mish")]
    [InlineData("mamba", "", "mamba")]
    public void ReadShape_NotSupported_NamesIt(string family, string fields, string named) =>
        Assert.Contains(named, Assert.Throws<NotSupportedException>(() => ModelFamily.ReadShape(Parse(family, fields))).Message, StringComparison.Ordinal);

    [Fact]
    public void Parse_ModelOfSeveralParts_IsRefused() =>
        Assert.Contains("several parts", Assert.Throws<NotSupportedException>(
            () => ModelConfig.Parse("""{"model_type": "llava", "text_config": {"hidden_size": 8}}""", "config.json")).Message, StringComparison.Ordinal);

    [Fact]
    public void WithField_HasAProperty_IsRefused() =>
        Assert.Throws<ArgumentException>("name", () => new ModelConfig().WithField("hidden_size", 3));

    [Fact]
    public void CacheEnd_OfAPhi3MadeInCode_IsItsOriginalWindow()
    {
        double[] shortFactors = [1, 1, 1, 1], longFactors = [1, 2, 3, 4];
        ModelConfig config = TinyModels.Config() with
        {
            ModelType = "phi3",
            OriginalMaxPositionEmbeddings = 32,
            MaxPositionEmbeddings = 128,
            RopeScaling = LongContext.Positions.RopeScaling.LongRope(shortFactors, longFactors),
        };
        using CausalLanguageModel model = CausalLanguageModel.Create(config, seed: 3);
        using TestSupport.TemporaryFolder folder = TestSupport.TestPaths.NewTemporaryFolder();
        model.Save(folder.Path);
        using CausalLanguageModel loaded = CausalLanguageModel.Load(folder.Path);
        Assert.Equal((32, 32), (model.CacheEndsAt, loaded.CacheEndsAt));

        // Past the border everything is as if it had been computed anew with the long factors.
        int[] prompt = TinyModels.Tokens(28, 1);
        var options = new LongContext.Generation.GenerationOptions { MaximumNewTokens = 12, StopTokenIds = [] };
        int[] made = new LongContext.Generation.TextGenerator(model).Generate(prompt, options);
        int[] before = [.. prompt, .. made[..^1]];
        double[] logits = TinyModels.Logits(model, LongContext.Packing.PackedBatch.CreatePrompt(before))[^TinyModels.Vocabulary..];
        Assert.Equal(Array.IndexOf(logits, logits.Max()), made[^1]);
    }

    private static ModelConfig Parse(string family, string fields) => ModelConfig.Parse(
        $$"""
        {
          "model_type": "{{family}}", "vocab_size": 48, "hidden_size": 32, "intermediate_size": 40, "num_hidden_layers": 8,
          "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64, "rms_norm_eps": 1e-6{{(fields.Length > 0 ? ", " + fields : "")}}
        }
        """, "config.json");
}
