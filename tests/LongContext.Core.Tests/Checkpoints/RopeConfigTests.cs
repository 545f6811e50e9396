using System.Text.Json.Nodes;
using LongContext.Checkpoints;
using LongContext.Positions;

namespace LongContext.Core.Tests.Checkpoints;

/// <summary>Rotary positions in config files: both forms, read and written.</summary>
public class RopeConfigTests
{
    public static TheoryData<RopeScaling> Scalings => [RopeScaling.None, RopeScaling.Linear(8), RopeScaling.DynamicNtk(2.5)];

    /// <summary>Every type, every option; 8 pairs of a head are rotated.</summary>
    public static TheoryData<RopeScaling> AllScalings =>
    [
        .. Scalings.Select(row => row.Data),
        RopeScaling.Yarn(4),
        new YarnRopeScaling(4) { AttentionFactor = 1.25, BetaFast = 16, BetaSlow = 2, Truncate = false },
        new YarnRopeScaling(40) { MScale = 0.7, MScaleAllDimensions = 1.5 },
        RopeScaling.Llama3(8),
        new Llama3RopeScaling(32, lowFrequencyFactor: 2, highFrequencyFactor: 5),
        RopeScaling.LongRope([1, 1, 1, 1.5, 2, 2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8.5]),
        new LongRopeScaling([1, 1, 1, 1, 1, 1, 1, 1], [2, 2, 2, 2, 2, 2, 2, 2]) { Factor = 32, AttentionFactor = 1.1 },
        RopeScaling.Proportional(),
        RopeScaling.Proportional(2),
        new DynamicNtkAlphaRopeScaling(1_000),
    ];

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
    [MemberData(nameof(AllScalings))]
    public void ToJson_AnyScalingInAnyForm_ReadsBack(RopeScaling scaling)
    {
        foreach (JsonObject form in new[] { ConfigText.Newer(), ConfigText.Older(), ConfigText.Older().Without("rope_theta", "rope_scaling") })
        {
            ModelConfig before = ModelConfigReadingTests.Parse(form) with { RopeScaling = scaling, OriginalMaxPositionEmbeddings = 64 };
            ModelConfig after = ModelConfigReadingTests.Parse(Write(before));

            Assert.Equal(scaling, after.RopeScaling);
            Assert.Equal(before.RopeTheta, after.RopeTheta);
            // Linear ×8 and proportional ×2 alone would say 32 and 128.
            bool says = scaling is YarnRopeScaling or LongRopeScaling or Llama3RopeScaling or LinearRopeScaling or ProportionalRopeScaling { Factor: 2 };
            Assert.Equal(says ? 64 : 256, after.OriginalMaxPositionEmbeddings);
            Assert.Equal(before.ToJson(), after.ToJson());
        }
    }

    [Theory]
    [MemberData(nameof(AllScalings))]
    public void ToJson_AnyScalingReplaced_LeavesNoStaleKeys(RopeScaling scaling)
    {
        JsonObject withIt = Write(ModelConfigReadingTests.Parse(ConfigText.Newer()) with { RopeScaling = scaling, OriginalMaxPositionEmbeddings = 64 });
        ModelConfig loaded = ModelConfigReadingTests.Parse(withIt);

        JsonObject without = Write(loaded with { RopeScaling = RopeScaling.None });

        Assert.Equal(["rope_theta", "rope_type"], without["rope_parameters"]!.AsObject().Select(pair => pair.Key).Order());
        Assert.Equal("default", (string?)without["rope_parameters"]!["rope_type"]);
    }

    [Fact]
    public void ToJson_NtkAware_IsTheBaseItGives()
    {
        ModelConfig config = ModelConfigReadingTests.Parse(ConfigText.Newer()) with { RopeScaling = RopeScaling.NtkAware(4) };

        ModelConfig after = ModelConfigReadingTests.Parse(Write(config));

        Assert.Equal(RopeScaling.None, after.RopeScaling);
        Assert.Equal(10_000 * Math.Pow(4, 16 / 14.0), after.RopeTheta, 1e-6);
        double[] expected = [.. config.RopeScaling.ComputeFrequencies(config.RopeParameters, 1).InverseFrequencies];
        double[] actual = [.. after.RopeScaling.ComputeFrequencies(after.RopeParameters, 1).InverseFrequencies];
        for (int i = 0; i < expected.Length; i++) Assert.Equal(1, actual[i] / expected[i], 1e-12);
    }

    [Fact]
    public void Parse_SettingsPerLayerType_AreRead()
    {
        JsonNode perLayer = JsonNode.Parse("""
            {"full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000000.0},
             "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5}}
            """)!;
        ModelConfig config = ModelConfigReadingTests.Parse(ConfigText.Newer(("rope_parameters", perLayer)));

        Assert.Equal(RopeScaling.Linear(8), config.RopeScaling);
        Assert.Equal(1_000_000, config.RopeTheta);
        Assert.Equal(new RopeSettings { Theta = 1_000_000, Scaling = RopeScaling.Linear(8) }, config.RopeOf("full_attention"));
        Assert.Equal(new RopeSettings { Theta = 10_000, PartialRotaryFactor = 0.5 }, config.RopeOf("sliding_attention"));
        // Without a scaling Llama's plain frequencies leave the factor aside.
        Assert.Equal(16, config.RopeParametersOf("sliding_attention").RotaryDimension);
        Assert.Equal(config, ModelConfigReadingTests.Parse(Write(config)));

        ModelConfig changed = config with { RopeScaling = RopeScaling.Yarn(4) };
        ModelConfig after = ModelConfigReadingTests.Parse(Write(changed));
        Assert.Equal(RopeScaling.Yarn(4), after.RopeScaling);
        Assert.Equal(config.RopeOf("sliding_attention"), after.RopeOf("sliding_attention"));
    }

    [Fact]
    public void Parse_LocalBase_IsThatOfSlidingLayers()
    {
        ModelConfig config = ModelConfigReadingTests.Parse(ConfigText.Older(("rope_local_base_freq", 5000.0)));

        Assert.Equal(500_000, config.RopeOf("full_attention").Theta);
        Assert.Equal(5_000, config.RopeOf("sliding_attention").Theta);
        JsonObject written = Write(config with { RopeScaling = RopeScaling.Linear(8) });
        Assert.Equal(5_000, (double)written["rope_local_base_freq"]!);
        Assert.Equal(5_000, ModelConfigReadingTests.Parse(written).RopeOf("sliding_attention").Theta);
    }

    [Theory]
    [InlineData("""{"sliding_attention": {"rope_type": "default"}}""", "'rope_parameters.full_attention' is missing")]
    [InlineData("""{"full_attention": {"rope_type": "default"}, "sliding_attention": 5}""", "'rope_parameters.sliding_attention' is 5")]
    [InlineData("""{"full_attention": {"rope_type": "default"}, "sliding_attention": {"rope_theta": -1}}""", "'rope_theta' of sliding_attention is -1")]
    [InlineData("""{"rope_type": "yarn"}""", "'rope_parameters.factor' is missing")]
    [InlineData("""{"rope_type": "yarn", "factor": 4, "beta_fast": 0}""", "'rope_parameters.beta_fast' is 0")]
    [InlineData("""{"rope_type": "yarn", "factor": 4, "beta_fast": 1, "beta_slow": 2}""", "beta_fast is 1")]
    [InlineData("""{"rope_type": "yarn", "factor": 4, "attention_factor": -1}""", "'rope_parameters.attention_factor' is -1")]
    [InlineData("""{"rope_type": "yarn", "factor": 4, "mscale": -1}""", "MScale")]
    [InlineData("""{"rope_type": "yarn", "factor": 4, "truncate": 1}""", "'rope_parameters.truncate' is 1")]
    [InlineData("""{"rope_type": "yarn", "factor": 4, "rope_theta": 1}""", "rope_theta is 1")]
    [InlineData("""{"rope_type": "llama3", "factor": 8, "low_freq_factor": 1}""", "'rope_parameters.high_freq_factor' is missing")]
    [InlineData("""{"rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 1}""", "llama3")]
    [InlineData("""{"rope_type": "longrope", "long_factor": [1]}""", "'rope_parameters.short_factor' is missing")]
    [InlineData("""{"rope_type": "longrope", "short_factor": [1, 1], "long_factor": [1]}""", "longrope")]
    [InlineData("""{"rope_type": "longrope", "short_factor": [1, 1], "long_factor": [1, 1]}""", "2 entries, expected one for each of the 8")]
    [InlineData("""{"rope_type": "longrope", "short_factor": [1, 0], "long_factor": [1, 1]}""", "longrope")]
    [InlineData("""{"rope_type": "longrope", "short_factor": ["a"], "long_factor": [1]}""", "'rope_parameters.short_factor'")]
    [InlineData("""{"rope_type": "dynamic", "alpha": 0.5}""", "'rope_parameters.alpha' is 0.5")]
    [InlineData("""{"rope_type": "dynamic", "alpha": 2, "factor": 3}""", "'rope_parameters.factor' is 3")]
    [InlineData("""{"rope_type": "proportional", "factor": 0.5}""", "'rope_parameters.factor' is 0.5")]
    [InlineData("""{"rope_type": "linear", "factor": 2.0, "partial_rotary_factor": 0.2}""", "'partial_rotary_factor' is 0.2")]
    public void Parse_FaultySettingsOfAType_ThrowsNamingTheField(string parameters, string expected) =>
        ModelConfigReadingTests.AssertFault(ConfigText.Newer(("rope_parameters", JsonNode.Parse(parameters))).ToJsonString(), expected);

    [Fact]
    public void Parse_Gemma3_FillsUpLayerTypesAndRefusesAFlatForm()
    {
        static ModelConfig Read(string parameters) =>
            ModelConfigReadingTests.Parse(ConfigText.Newer(("model_type", "gemma3_text"), ("rope_parameters", JsonNode.Parse(parameters))));

        ModelConfig fullOnly = Read("""{"full_attention": {"rope_type": "linear", "factor": 8.0}}""");
        Assert.Equal(new RopeSettings { Theta = 1_000_000, Scaling = RopeScaling.Linear(8) }, fullOnly.RopeOf("full_attention"));
        Assert.Equal(new RopeSettings { Theta = 10_000 }, fullOnly.RopeOf("sliding_attention"));
        ModelConfig slidingOnly = Read("""{"sliding_attention": {"rope_type": "default"}}""");
        Assert.Equal(new RopeSettings { Theta = 1_000_000 }, slidingOnly.RopeOf("full_attention"));
        Assert.Equal(new RopeSettings { Theta = 10_000 }, slidingOnly.RopeOf("sliding_attention"));
        Assert.Contains("full_attention", Assert.Throws<CheckpointFormatException>(
            () => Read("""{"rope_type": "linear", "factor": 8.0}""")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_Phi3_HasItsOwnOriginalWindowAndOlderName()
    {
        JsonObject Parameters(string type) => new()
        {
            ["type"] = type,
            ["short_factor"] = new JsonArray([.. Enumerable.Repeat(1.0, 8).Select(x => (JsonNode)x)]),
            ["long_factor"] = new JsonArray([.. Enumerable.Repeat(2.0, 8).Select(x => (JsonNode)x)]),
            ["original_max_position_embeddings"] = 64,
        };
        ModelConfig config = ModelConfigReadingTests.Parse(
            ConfigText.Older(("model_type", "phi3"), ("max_position_embeddings", 16_384), ("rope_scaling", Parameters("yarn"))));

        Assert.IsType<LongRopeScaling>(config.RopeScaling);
        Assert.Equal(4_096, config.OriginalMaxPositionEmbeddings);
        JsonObject written = Write(config with { OriginalMaxPositionEmbeddings = 64 });
        Assert.Equal(64, (int)written["original_max_position_embeddings"]!);
        Assert.Equal(64, ModelConfigReadingTests.Parse(written).OriginalMaxPositionEmbeddings);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ToJson_FactorOfTheWindows_IsWrittenOutWhenTheWindowChanges(bool newer)
    {
        JsonNode settings = JsonNode.Parse("""{"rope_type": "yarn", "factor": null, "original_max_position_embeddings": 64}""")!;
        ModelConfig config = ModelConfigReadingTests.Parse(newer ? ConfigText.Newer(("rope_parameters", settings)) : ConfigText.Older(("rope_scaling", settings)));
        Assert.Equal(RopeScaling.Yarn(4), config.RopeScaling);

        ModelConfig after = ModelConfigReadingTests.Parse(Write(config with { MaxPositionEmbeddings = 512 }));

        Assert.Equal(RopeScaling.Yarn(4), after.RopeScaling);
        Assert.Null(Write(config)[newer ? "rope_parameters" : "rope_scaling"]!["factor"]);
    }

    [Fact]
    public void ToJson_LayerTypesLikeTheMainOne_SurviveWhereAFamilyMeansOtherwise()
    {
        IReadOnlyDictionary<string, RopeSettings> none = new Dictionary<string, RopeSettings>();
        ModelConfig made = new() { ModelType = "gemma3_text", RopeByLayerType = none };
        Assert.Equal(1_000_000, ModelConfigReadingTests.Parse(Write(made)).RopeOf("sliding_attention").Theta);
        foreach (JsonObject form in new[]
            {
                ConfigText.Older(("model_type", "gemma3_text"), ("rope_local_base_freq", 5000.0)), ConfigText.Older(("rope_local_base_freq", 5000.0)),
                ConfigText.Newer(("model_type", "gemma3_text"), ("rope_parameters", new JsonObject { ["full_attention"] = new JsonObject { ["rope_theta"] = 500_000.0 } })),
            })
        {
            ModelConfig after = ModelConfigReadingTests.Parse(Write(ModelConfigReadingTests.Parse(form) with { RopeByLayerType = none }));
            Assert.Equal(500_000, after.RopeOf("sliding_attention").Theta);
            Assert.Equal(500_000, after.RopeOf("full_attention").Theta);
        }
    }

    [Fact]
    public void Validate_MainSettingsAsThoseOfALayerType_IsAFault()
    {
        ModelConfig config = new() { RopeByLayerType = new Dictionary<string, RopeSettings> { ["full_attention"] = new() } };
        Assert.Contains("full_attention", Assert.Throws<ArgumentException>(config.Validate).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("yarn")]
    [InlineData("llama3")]
    public void Parse_OriginalWindowBeyondTheLongOne_IsAFault(string type) => ModelConfigReadingTests.AssertFault(
        ConfigText.Newer(("rope_parameters", new JsonObject
        {
            ["rope_type"] = type,
            ["factor"] = 2.0,
            ["original_max_position_embeddings"] = 512,
            [type == "llama3" ? "low_freq_factor" : "beta_slow"] = 1.0,
            [type == "llama3" ? "high_freq_factor" : "beta_fast"] = 4.0,
        })).ToJsonString(), "'original_max_position_embeddings' is 512", "256");

    [Fact]
    public void Parse_MultimodalPositions_AreRefusedByName()
    {
        JsonNode parameters = JsonNode.Parse("""{"rope_type": "default", "mrope_section": [2, 3, 3]}""")!;

        string message = Assert.Throws<NotSupportedException>(() => ModelConfigReadingTests.Parse(ConfigText.Newer(("rope_parameters", parameters)))).Message;
        Assert.Contains("mrope_section", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_OriginalWindowAtTopLevel_WinsAndIsWrittenThere()
    {
        JsonObject longRope = new()
        {
            ["type"] = "su",
            ["short_factor"] = new JsonArray([.. Enumerable.Repeat(1.0, 8).Select(x => (JsonNode)x)]),
            ["long_factor"] = new JsonArray([.. Enumerable.Repeat(2.0, 8).Select(x => (JsonNode)x)]),
        };
        ModelConfig config = ModelConfigReadingTests.Parse(ConfigText.Older(("rope_scaling", longRope), ("original_max_position_embeddings", 64)));

        Assert.Equal(64, config.OriginalMaxPositionEmbeddings);
        // s = 256/64: √(1 + ln 4/ln 64)
        Assert.Equal(Math.Sqrt(1 + (Math.Log(4) / Math.Log(64))), config.RopeScaling.ComputeFrequencies(config.RopeParameters, 65).AttentionFactor, 1e-12);
        ModelConfig after = ModelConfigReadingTests.Parse(Write(config with { OriginalMaxPositionEmbeddings = 128 }));
        Assert.Equal(128, after.OriginalMaxPositionEmbeddings);
    }

    [Fact]
    public void Parse_HunyuansDynamicAlpha_KeepsItsInertKeys()
    {
        JsonNode scaling = JsonNode.Parse(
            """{"type": "dynamic", "alpha": 1000.0, "factor": 1.0, "beta_fast": 32, "beta_slow": 1, "mscale": 1.0, "mscale_all_dim": 1.0}""")!;
        ModelConfig config = ModelConfigReadingTests.Parse(ConfigText.Older(("rope_scaling", scaling)));

        Assert.Equal(new DynamicNtkAlphaRopeScaling(1_000), config.RopeScaling);
        Assert.Equal(scaling.ToJsonString(), Write(config with { MaxPositionEmbeddings = 512 })["rope_scaling"]!.ToJsonString());
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
            """{"rope_type":"linear","factor":4.0,"rope_theta":10000.0}""",
            Write(newer with { RopeScaling = RopeScaling.Linear(4) })["rope_parameters"]!.ToJsonString());
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

        ModelConfig after = ModelConfigReadingTests.Parse(Write(before with { PartialRotaryFactor = 0.5, RopeScaling = RopeScaling.Linear(2) }));

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
