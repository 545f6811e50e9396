using System.Text.Json.Nodes;
using LongContext.Checkpoints;
using LongContext.Positions;
using LongContext.TestSupport;

namespace LongContext.Core.Tests.Checkpoints;

public class ModelConfigReadingTests
{
    [Fact]
    public void Parse_NewerForm_ReadsEveryField()
    {
        ModelConfig config = Parse(ConfigText.Newer(("tie_word_embeddings", true), ("attention_bias", true), ("mlp_bias", true)));

        Assert.Equal("llama", config.ModelType);
        Assert.Equal(["LlamaForCausalLM"], config.Architectures);
        Assert.Equal(128, config.VocabularySize);
        Assert.Equal(64, config.HiddenSize);
        Assert.Equal(172, config.IntermediateSize);
        Assert.Equal(2, config.LayerCount);
        Assert.Equal(4, config.HeadCount);
        Assert.Equal(2, config.KeyValueHeadCount);
        Assert.Equal(16, config.HeadDimension);
        Assert.Equal(256, config.MaxPositionEmbeddings);
        Assert.Equal(256, config.OriginalMaxPositionEmbeddings);
        Assert.Equal(1e-5, config.RmsNormEpsilon);
        Assert.Equal(10_000, config.RopeTheta);
        Assert.Same(RopeScaling.None, config.RopeScaling);
        Assert.Equal(1, config.PartialRotaryFactor);
        Assert.True(config.TieWordEmbeddings);
        Assert.True(config.AttentionBias);
        Assert.True(config.MlpBias);
        Assert.Equal("silu", config.HiddenActivation);
        Assert.Equal(0.02, config.InitializerRange);
        Assert.Equal(1, config.BeginningOfSentenceTokenId);
        Assert.Equal([2], config.EndOfSentenceTokenIds);
        Assert.Equal("bfloat16", config.DataType);
    }

    [Fact]
    public void Parse_OlderForm_FillsInWhatItLeavesOut()
    {
        ModelConfig config = Parse(ConfigText.Older().Without(
            "num_key_value_heads", "tie_word_embeddings", "attention_bias", "mlp_bias", "bos_token_id", "hidden_act"));

        Assert.Equal(4, config.KeyValueHeadCount);
        Assert.Equal(16, config.HeadDimension);
        Assert.Equal(500_000, config.RopeTheta);
        Assert.Same(RopeScaling.None, config.RopeScaling);
        Assert.False(config.TieWordEmbeddings);
        Assert.False(config.AttentionBias);
        Assert.False(config.MlpBias);
        Assert.Equal("silu", config.HiddenActivation);
        Assert.Null(config.BeginningOfSentenceTokenId);
        Assert.Equal("float16", config.DataType);
    }

    [Fact]
    public void Parse_EndOfSentence_NumberArrayOrNothing()
    {
        Assert.Equal([5, 7], Parse(ConfigText.Newer(("eos_token_id", new JsonArray(5, 7)))).EndOfSentenceTokenIds);
        Assert.Empty(Parse(ConfigText.Newer(("eos_token_id", null))).EndOfSentenceTokenIds);
        Assert.Empty(Parse(ConfigText.Newer().Without("eos_token_id")).EndOfSentenceTokenIds);
    }

    [Fact]
    public void Parse_GemmaThatDoesNotSay_TiesItsEmbeddings()
    {
        Assert.True(Parse(ConfigText.Newer(("model_type", "gemma2")).Without("tie_word_embeddings")).TieWordEmbeddings);
        Assert.True(Parse(ConfigText.Older(("model_type", "gemma3_text")).Without("tie_word_embeddings")).TieWordEmbeddings);
        Assert.False(Parse(ConfigText.Newer(("model_type", "gemma2"))).TieWordEmbeddings);
    }

    [Theory]
    [InlineData("model_type")]
    [InlineData("vocab_size")]
    [InlineData("hidden_size")]
    [InlineData("intermediate_size")]
    [InlineData("num_hidden_layers")]
    [InlineData("num_attention_heads")]
    [InlineData("max_position_embeddings")]
    [InlineData("rms_norm_eps")]
    public void Parse_FieldMissingOrNull_ThrowsNamingFileAndField(string field)
    {
        AssertFault(ConfigText.Newer().Without(field).ToJsonString(), $"'{field}' is missing");
        AssertFault(ConfigText.Newer((field, null)).ToJsonString(), $"'{field}' is null");
    }

    [Theory]
    [InlineData("model_type", "5", "expected text")]
    [InlineData("architectures", "\"LlamaForCausalLM\"", "expected an array of texts")]
    [InlineData("architectures", "[1]", "expected an array of texts")]
    [InlineData("vocab_size", "\"128\"", "expected a whole number")]
    [InlineData("vocab_size", "128.5", "expected a whole number")]
    [InlineData("vocab_size", "4294967296", "expected a whole number")]
    [InlineData("vocab_size", "1e400", "expected a whole number")]
    [InlineData("vocab_size", "0", "expected at least 1")]
    [InlineData("hidden_size", "-64", "expected at least 1")]
    [InlineData("intermediate_size", "[172]", "expected a whole number")]
    [InlineData("num_hidden_layers", "true", "expected a whole number")]
    [InlineData("num_hidden_layers", "2000000000", "expected at most 10000")]
    [InlineData("num_attention_heads", "0", "expected at least 1")]
    [InlineData("num_key_value_heads", "3", "expected a divisor of num_attention_heads, 4")]
    [InlineData("num_key_value_heads", "0", "expected at least 1")]
    [InlineData("head_dim", "15", "expected an even number")]
    [InlineData("head_dim", "0", "expected an even number")]
    [InlineData("max_position_embeddings", "0", "expected at least 1")]
    [InlineData("rms_norm_eps", "0", "expected a finite number above 0")]
    [InlineData("rms_norm_eps", "1e400", "expected a finite number above 0")]
    [InlineData("rms_norm_eps", "\"small\"", "expected a number")]
    [InlineData("initializer_range", "-1", "expected a finite number of at least 0")]
    [InlineData("tie_word_embeddings", "1", "expected true or false")]
    [InlineData("attention_bias", "\"no\"", "expected true or false")]
    [InlineData("bos_token_id", "-1", "expected at least 0")]
    [InlineData("eos_token_id", "[2, null]", "expected a whole number")]
    [InlineData("eos_token_id", "[2, -7]", "holds -7")]
    [InlineData("dtype", "32", "expected text")]
    [InlineData("hidden_act", "{}", "expected text")]
    [InlineData("partial_rotary_factor", "0", "expected above 0 and at most 1")]
    public void Parse_FieldOfWrongTypeOrRange_ThrowsNamingFileAndField(string field, string value, string expected) =>
        AssertFault(ConfigText.Newer((field, JsonNode.Parse(value))).ToJsonString(), $"'{field}'", expected);

    [Fact]
    public void Parse_WidthThatHeadsDoNotDivide_ThrowsUnlessHeadSizeIsGiven()
    {
        AssertFault(ConfigText.Older(("hidden_size", 66)).ToJsonString(), "'hidden_size' is 66", "head_dim is not given");
        Assert.Equal(16, Parse(ConfigText.Newer(("hidden_size", 66))).HeadDimension);
    }

    [Fact]
    public void Parse_SeveralFaults_OneExceptionNamesThemAll() =>
        AssertFault(
            ConfigText.Newer(("vocab_size", 0), ("rms_norm_eps", -1), ("bos_token_id", -2)).ToJsonString(),
            "'vocab_size'", "'rms_norm_eps'", "'bos_token_id'");

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"llama\"")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("{\"rms_norm_eps\": NaN}")]
    [InlineData("{\"rope_theta\": Infinity}")]
    [InlineData("{\"a\": \"\\ud800\"}")]
    [InlineData("{\"\\ud800\": 1}")]
    [InlineData("{\"vocab_size\": 1, \"vocab_size\": 2}")]
    [InlineData("{\"x\": {\"factor\": 1, \"factor\": 2}}")]
    public void Parse_NotOneSoundJsonObject_Throws(string text) => AssertFault(text);

    [Fact]
    public void Parse_NestedTooDeeply_Throws() =>
        AssertFault("{\"a\":" + new string('[', 100_000) + new string(']', 100_000) + "}");

    [Fact]
    public void Load_FileOrFolder_ReadsTheSame()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllText(folder["config.json"], "\uFEFF" + ConfigText.Newer().ToJsonString());

        Assert.Equal(128, ModelConfig.Load(folder.Path).VocabularySize);
        Assert.Equal(ModelConfig.Load(folder.Path), ModelConfig.Load(folder["config.json"]));
    }

    [Fact]
    public void Load_NoFile_Throws()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();

        Assert.Contains("config.json", Assert.Throws<CheckpointFormatException>(() => ModelConfig.Load(folder.Path)).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => ModelConfig.Load(folder["absent"]));
    }

    [Fact]
    public void Load_FaultyFile_MessageNamesItsPath()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllText(folder["config.json"], ConfigText.Newer().Without("vocab_size").ToJsonString());

        string message = Assert.Throws<CheckpointFormatException>(() => ModelConfig.Load(folder.Path)).Message;

        Assert.Contains(folder["config.json"], message, StringComparison.Ordinal);
        Assert.Contains("'vocab_size' is missing", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NotUtf8_Throws()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder["config.json"], [(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}']);

        Assert.Contains("UTF-8", Assert.Throws<CheckpointFormatException>(() => ModelConfig.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FileOverTheLimit_IsRefusedUnread()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using (FileStream sparse = File.Create(folder["config.json"])) sparse.SetLength((16 << 20) + 1);

        Assert.Contains("expected at most 16777216", Assert.Throws<CheckpointFormatException>(() => ModelConfig.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    internal static ModelConfig Parse(JsonObject json) => ModelConfig.Parse(json.ToJsonString(), "test.json");

    internal static void AssertFault(string text, params string[] parts)
    {
        string message = Assert.Throws<CheckpointFormatException>(() => ModelConfig.Parse(text, "test.json")).Message;
        Assert.StartsWith("test.json", message, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }
}
