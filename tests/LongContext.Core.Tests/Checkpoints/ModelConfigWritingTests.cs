using System.Text.Json.Nodes;
using LongContext.Checkpoints;
using LongContext.Positions;
using LongContext.TestSupport;

namespace LongContext.Core.Tests.Checkpoints;

public class ModelConfigWritingTests
{
    public static IEnumerable<TheoryDataRow<string>> ModelFolders() => TestPaths.FixtureFolders("hf", "models");

    [Theory]
    [Trait(FixtureTraits.Name, FixtureTraits.Models)]
    [MemberData(nameof(ModelFolders))]
    public void ToJson_ConfigOfFixtureUnchanged_SaysTheSame(string folder)
    {
        string path = Path.Combine(TestPaths.Fixtures, "hf", "models", folder, "config.json");
        ModelConfig config;
        try
        {
            config = ModelConfig.Load(path);
        }
        catch (NotSupportedException exception)
        {
            Assert.Skip(exception.Message);
            return;
        }

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(File.ReadAllText(path)), JsonNode.Parse(config.ToJson())));
    }

    [Fact]
    public void ToJson_Unchanged_KeepsUnknownFieldsAndSpelling()
    {
        foreach (JsonObject json in new[] { ConfigText.Newer(), ConfigText.Older() })
        {
            Assert.Equal(json.ToJsonString(), JsonNode.Parse(ModelConfigReadingTests.Parse(json).ToJson())!.ToJsonString());
        }
    }

    [Fact]
    public void ToJson_EveryPropertyChanged_ReadsBack()
    {
        foreach (JsonObject json in new[] { ConfigText.Newer(), ConfigText.Older() })
        {
            ModelConfig changed = ModelConfigReadingTests.Parse(json) with
            {
                ModelType = "mistral", Architectures = ["MistralForCausalLM"], VocabularySize = 256, HiddenSize = 96,
                IntermediateSize = 200, LayerCount = 3, HeadCount = 6, KeyValueHeadCount = 3, HeadDimension = 20,
                MaxPositionEmbeddings = 1_024, RmsNormEpsilon = 1e-6, RopeTheta = 123, RopeScaling = RopeScaling.DynamicNtk(2),
                TieWordEmbeddings = true, AttentionBias = true, MlpBias = true, HiddenActivation = "gelu", InitializerRange = 0.5,
                BeginningOfSentenceTokenId = null, EndOfSentenceTokenIds = [7, 8], DataType = "float64",
            };

            ModelConfig read = ModelConfig.Parse(changed.ToJson(), "written");

            Assert.Equal("mistral", read.ModelType);
            Assert.Equal(["MistralForCausalLM"], read.Architectures);
            Assert.Equal((256, 96, 200, 3, 6, 3, 20, 1_024), (read.VocabularySize, read.HiddenSize, read.IntermediateSize,
                read.LayerCount, read.HeadCount, read.KeyValueHeadCount, read.HeadDimension, read.MaxPositionEmbeddings));
            Assert.Equal((1e-6, 123.0, 0.5), (read.RmsNormEpsilon, read.RopeTheta, read.InitializerRange));
            Assert.Equal(RopeScaling.DynamicNtk(2), read.RopeScaling);
            Assert.True(read.TieWordEmbeddings && read.AttentionBias && read.MlpBias);
            Assert.Equal("gelu", read.HiddenActivation);
            Assert.Null(read.BeginningOfSentenceTokenId);
            Assert.Equal([7, 8], read.EndOfSentenceTokenIds);
            Assert.Equal("float64", read.DataType);
            Assert.Equal(changed, read);
            Assert.Equal(changed.GetHashCode(), read.GetHashCode());
        }
    }

    [Fact]
    public void ToJson_FieldLeftToItsDefault_IsWrittenOnceTheDefaultMeansSomethingElse()
    {
        // The file gives neither; both followed from 4 heads of a width of 64.
        ModelConfig before = ModelConfigReadingTests.Parse(ConfigText.Older().Without("num_key_value_heads"));

        ModelConfig read = ModelConfig.Parse((before with { HeadCount = 8, KeyValueHeadCount = 4, HeadDimension = 16 }).ToJson(), "written");

        Assert.Equal((8, 4, 16), (read.HeadCount, read.KeyValueHeadCount, read.HeadDimension));
    }

    [Fact]
    public void ToJson_FromScratch_ReadsBackAndHasTheNewerForm()
    {
        ModelConfig config = new()
        {
            VocabularySize = 100, HiddenSize = 32, IntermediateSize = 64, LayerCount = 1, HeadCount = 4, MaxPositionEmbeddings = 128,
            RopeScaling = RopeScaling.Linear(8), DataType = "float32", EndOfSentenceTokenIds = [2],
        };

        JsonObject json = JsonNode.Parse(config.ToJson())!.AsObject();

        Assert.Equal("""{"rope_type":"linear","factor":8.0,"rope_theta":10000.0}""", json["rope_parameters"]!.ToJsonString());
        Assert.Equal("2", json["eos_token_id"]!.ToJsonString());
        Assert.Equal("float32", (string?)json["dtype"]);
        Assert.Equal(config, ModelConfig.Parse(json.ToJsonString(), "written"));
        Assert.Equal(8, config.HeadDimension);
        Assert.Equal(4, config.KeyValueHeadCount);
    }

    [Fact]
    public void Defaults_AreThoseOfLlama()
    {
        ModelConfig config = new();
        config.Validate();

        Assert.Equal("llama", config.ModelType);
        Assert.Equal((32_000, 4_096, 11_008, 32, 32, 128), (config.VocabularySize, config.HiddenSize, config.IntermediateSize,
            config.LayerCount, config.HeadCount, config.HeadDimension));
    }

    [Fact]
    public void ToJson_PropertiesOutOfRange_OneExceptionNamesThemAll()
    {
        ModelConfig config = new() { VocabularySize = 0, RopeTheta = double.NaN, RmsNormEpsilon = double.PositiveInfinity, HeadDimension = 3 };

        string message = Assert.Throws<ArgumentException>(config.ToJson).Message;

        Assert.All(
            ["'vocab_size' is 0", "'rope_theta' is NaN", "'rms_norm_eps'", "'head_dim' is 3"],
            part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    [Fact]
    public void Save_FolderOrFile_WritesAtomically()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        ModelConfig config = ModelConfigReadingTests.Parse(ConfigText.Newer());
        config.Save(folder.Path);
        string before = File.ReadAllText(folder["config.json"]);

        Assert.Throws<ArgumentException>(() => (config with { VocabularySize = -1 }).Save(folder["config.json"]));

        Assert.Equal(before, File.ReadAllText(folder["config.json"]));
        Assert.EndsWith("}\n", before, StringComparison.Ordinal);
        Assert.Equal([folder["config.json"]], Directory.GetFileSystemEntries(folder.Path));
        Assert.Equal(config, ModelConfig.Load(folder.Path));
    }
}
