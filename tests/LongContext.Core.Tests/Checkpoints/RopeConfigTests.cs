using System.Text.Json.Nodes;
using LongContext.Checkpoints;
using LongContext.Positions;

namespace LongContext.Core.Tests.Checkpoints;

/// <summary>Rotary positions in config files: both forms, read and written.</summary>
public class RopeConfigTests
{
    public static TheoryData<RopeScaling> Scalings => [RopeScaling.None, RopeScaling.Linear(8), RopeScaling.DynamicNtk(2.5)];

    [Theory]
    [InlineData("""{"rope_type": "linear", "factor": 4.0, "rope_theta": 20000}""", 20_000, 1.0)]
    [InlineData("""{"type": "linear", "factor": 4, "rope_theta": 20000.0, "partial_rotary_factor": 0.5}""", 20_000, 0.5)]
    [InlineData("""{"type": "linear", "rope_type": "linear", "factor": 4.0}""", 10_000, 1.0)]
    public void Parse_RopeParameters_ReadsThem(string parameters, double theta, double partial)
    {
        ModelConfig config = ModelConfigReadingTests.Parse(ConfigText.Newer(("rope_parameters", JsonNode.Parse(parameters))));

        Assert.Equal(RopeScaling.Linear(4), config.RopeScaling);
        Assert.Equal(theta, config.RopeTheta);
        Assert.Equal(partial, config.PartialRotaryFactor);
    }

    [Theory]
    [InlineData("""{"type": "dynamic", "factor": 2.0}""")]
    [InlineData("""{"rope_type": "dynamic", "factor": 2.0}""")]
    public void Parse_RopeScaling_ReadsItWithThetaBeside(string scaling)
    {
        ModelConfig config = ModelConfigReadingTests.Parse(ConfigText.Older(("rope_scaling", JsonNode.Parse(scaling))));

        Assert.Equal(RopeScaling.DynamicNtk(2), config.RopeScaling);
        Assert.Equal(500_000, config.RopeTheta);
    }

    [Fact]
    public void Parse_NeitherForm_IsPlainWithDefaultTheta()
    {
        ModelConfig config = ModelConfigReadingTests.Parse(ConfigText.Older().Without("rope_theta", "rope_scaling"));

        Assert.Same(RopeScaling.None, config.RopeScaling);
        Assert.Equal(10_000, config.RopeTheta);
    }

    [Fact]
    public void RopeParameters_DynamicWithOriginalWindow_ScalesFromMaxPositionEmbeddings()
    {
        JsonNode parameters = JsonNode.Parse(
            """{"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0, "original_max_position_embeddings": 64}""")!;
        ModelConfig config = ModelConfigReadingTests.Parse(ConfigText.Newer(("rope_parameters", parameters)));

        Assert.Equal(64, config.OriginalMaxPositionEmbeddings);
        Assert.Equal(256, config.RopeParameters.MaxPositionEmbeddings);
        Assert.Equal(16, config.RopeParameters.RotaryDimension);
    }

    [Theory]
    [InlineData("yarn")]
    [InlineData("llama3")]
    [InlineData("longrope")]
    [InlineData("su")]
    [InlineData("proportional")]
    public void Parse_TypeToCome_ThrowsNotSupportedNamingIt(string type)
    {
        foreach (JsonObject config in new[]
            {
                ConfigText.Newer(("rope_parameters", new JsonObject { ["rope_type"] = type, ["factor"] = 4.0, ["beta_fast"] = 32 })),
                ConfigText.Older(("rope_scaling", new JsonObject { ["type"] = type, ["factor"] = 4.0 })),
            })
        {
            string message = Assert.Throws<NotSupportedException>(() => ModelConfigReadingTests.Parse(config)).Message;
            Assert.Contains($"rope type '{type}' is not supported yet", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Parse_PositionsPerLayerType_ThrowsNotSupported()
    {
        JsonNode perLayer = JsonNode.Parse("""{"full_attention": {"rope_type": "default"}, "sliding_attention": {"rope_type": "default"}}""")!;

        Assert.Throws<NotSupportedException>(() => ModelConfigReadingTests.Parse(ConfigText.Newer(("rope_parameters", perLayer))));
        Assert.Throws<NotSupportedException>(() => ModelConfigReadingTests.Parse(ConfigText.Older(("rope_local_base_freq", 10000.0))));
    }

    [Theory]
    [InlineData("""{"rope_type": "spiral"}""", "'rope_parameters.rope_type' is 'spiral'")]
    [InlineData("""{"rope_type": 5}""", "'rope_parameters.rope_type' is 5")]
    [InlineData("""{"rope_type": "linear"}""", "'rope_parameters.factor' is missing")]
    [InlineData("""{"rope_type": "linear", "factor": "8"}""", "'rope_parameters.factor' is \"8\"")]
    [InlineData("""{"rope_type": "linear", "factor": 0}""", "'rope_parameters.factor' is 0")]
    [InlineData("""{"rope_type": "linear", "factor": -2.0}""", "'rope_parameters.factor' is -2")]
    [InlineData("""{"rope_type": "dynamic", "factor": 0.5}""", "'rope_parameters.factor' is 0.5")]
    [InlineData("""{"rope_type": "dynamic", "factor": 1e999}""", "'rope_parameters.factor'")]
    [InlineData("""{"rope_type": "linear", "factor": 2.0, "beta_fast": 32}""", "'rope_parameters.beta_fast' is 32")]
    [InlineData("""{"rope_type": "default", "factor": 2.0}""", "'rope_parameters.factor' is 2.0")]
    [InlineData("""{"rope_type": "linear", "type": "dynamic", "factor": 2.0}""", "'type' is 'dynamic'")]
    [InlineData("""{"rope_theta": 0}""", "'rope_theta' is 0")]
    [InlineData("""{"rope_theta": 1e999}""", "'rope_theta'")]
    [InlineData("""{"rope_theta": "10000"}""", "'rope_parameters.rope_theta'")]
    [InlineData("""{"original_max_position_embeddings": -1}""", "'original_max_position_embeddings' is -1")]
    [InlineData("""[1]""", "'rope_parameters' is [1]")]
    public void Parse_FaultyRopeParameters_ThrowsNamingTheField(string parameters, string expected) =>
        ModelConfigReadingTests.AssertFault(ConfigText.Newer(("rope_parameters", JsonNode.Parse(parameters))).ToJsonString(), expected);

    [Fact]
    public void Parse_FormsThatDisagree_Throws()
    {
        JsonNode linear = JsonNode.Parse("""{"type": "linear", "factor": 2.0}""")!;

        ModelConfigReadingTests.AssertFault(ConfigText.Newer(("rope_scaling", linear)).ToJsonString(), "'rope_scaling'", "'rope_parameters'");
        ModelConfigReadingTests.AssertFault(ConfigText.Newer(("rope_theta", 5.0)).ToJsonString(), "'rope_theta' is 5", "10000");
    }

    [Theory]
    [MemberData(nameof(Scalings))]
    public void ToJson_ScalingSetOnOlderForm_KeepsTheForm(RopeScaling scaling)
    {
        ModelConfig before = ModelConfigReadingTests.Parse(ConfigText.Older());

        JsonObject written = Write(before with { RopeScaling = scaling, RopeTheta = 20_000 });

        Assert.False(written.ContainsKey("rope_parameters"));
        Assert.Equal("20000.0", written["rope_theta"]!.ToJsonString());
        Assert.Equal(
            scaling switch
            {
                LinearRopeScaling => """{"type":"linear","factor":8.0}""",
                DynamicNtkRopeScaling => """{"type":"dynamic","factor":2.5}""",
                _ => null,
            },
            written["rope_scaling"]?.ToJsonString());
        AssertReadsBack(written, scaling, 20_000);
    }

    [Theory]
    [MemberData(nameof(Scalings))]
    public void ToJson_ScalingSetOnNewerForm_KeepsTheForm(RopeScaling scaling)
    {
        ModelConfig before = ModelConfigReadingTests.Parse(ConfigText.Newer());

        JsonObject written = Write(before with { RopeScaling = scaling, RopeTheta = 20_000 });

        Assert.False(written.ContainsKey("rope_scaling"));
        Assert.False(written.ContainsKey("rope_theta"));
        Assert.Equal(scaling.RopeType, (string?)written["rope_parameters"]!["rope_type"]);
        AssertReadsBack(written, scaling, 20_000);
    }

    [Fact]
    public void ToJson_FileWithoutAnyRopeField_GetsTheFormBothVersionsRead()
    {
        ModelConfig before = ModelConfigReadingTests.Parse(ConfigText.Older().Without("rope_theta", "rope_scaling"));

        JsonObject written = Write(before with { RopeScaling = RopeScaling.Linear(8) });

        Assert.False(written.ContainsKey("rope_parameters"));
        Assert.Equal("""{"type":"linear","factor":8.0}""", written["rope_scaling"]!.ToJsonString());
        AssertReadsBack(written, RopeScaling.Linear(8), 10_000);
    }

    [Fact]
    public void ToJson_ScalingTakenAwayOrChanged_LeavesNoStaleKeys()
    {
        JsonNode parameters = JsonNode.Parse(
            """{"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0, "original_max_position_embeddings": 64}""")!;
        ModelConfig newer = ModelConfigReadingTests.Parse(ConfigText.Newer(("rope_parameters", parameters)));
        ModelConfig older = ModelConfigReadingTests.Parse(
            ConfigText.Older(("rope_scaling", new JsonObject { ["rope_type"] = "linear", ["factor"] = 2.0 })));

        Assert.Equal(
            """{"rope_type":"default","rope_theta":10000.0}""",
            Write(newer with { RopeScaling = RopeScaling.None })["rope_parameters"]!.ToJsonString());
        Assert.Equal(
            """{"rope_type":"linear","factor":2.0,"rope_theta":10000.0}""",
            Write(newer with { RopeScaling = RopeScaling.Linear(2) })["rope_parameters"]!.ToJsonString());
        Assert.Equal(
            """{"rope_type":"dynamic","factor":3.0,"rope_theta":10000.0,"original_max_position_embeddings":64}""",
            Write(newer with { RopeScaling = RopeScaling.DynamicNtk(3) })["rope_parameters"]!.ToJsonString());
        Assert.True(Write(older with { RopeScaling = RopeScaling.None }).TryGetPropertyValue("rope_scaling", out JsonNode? none));
        Assert.Null(none);
        Assert.Equal(
            """{"rope_type":"dynamic","factor":3.0}""",
            Write(older with { RopeScaling = RopeScaling.DynamicNtk(3) })["rope_scaling"]!.ToJsonString());
    }

    [Fact]
    public void ToJson_FileWithBothForms_ChangesBoth()
    {
        ModelConfig before = ModelConfigReadingTests.Parse(ConfigText.Newer(
            ("rope_theta", 10000.0), ("rope_scaling", new JsonObject { ["type"] = "default" })));

        JsonObject written = Write(before with { RopeScaling = RopeScaling.Linear(8), RopeTheta = 20_000 });

        Assert.Equal("20000.0", written["rope_theta"]!.ToJsonString());
        Assert.Equal("""{"type":"linear","factor":8.0}""", written["rope_scaling"]!.ToJsonString());
        AssertReadsBack(written, RopeScaling.Linear(8), 20_000);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ToJson_PartialRotaryFactorSet_ReadsBack(bool newer)
    {
        ModelConfig before = ModelConfigReadingTests.Parse(newer ? ConfigText.Newer() : ConfigText.Older());

        ModelConfig after = ModelConfigReadingTests.Parse(Write(before with { PartialRotaryFactor = 0.5 }));

        Assert.Equal(0.5, after.PartialRotaryFactor);
        Assert.Equal(8, after.RopeParameters.RotaryDimension);
    }

    private static JsonObject Write(ModelConfig config) => JsonNode.Parse(config.ToJson())!.AsObject();

    private static void AssertReadsBack(JsonObject written, RopeScaling scaling, double theta)
    {
        ModelConfig after = ModelConfigReadingTests.Parse(written);
        Assert.Equal(scaling, after.RopeScaling);
        Assert.Equal(theta, after.RopeTheta);
    }
}
