using System.Text.Json.Nodes;
using LongContext.Checkpoints;
using LongContext.Export;
using LongContext.Models;
using LongContext.Positions;
using LongContext.TestSupport;
using LongContext.Tests.Models;

namespace LongContext.Tests.Export;

/// <summary>What llama.cpp would run otherwise is refused, with the reason; everything else is written.</summary>
public sealed class GgufLimitsTests
{
    private static readonly Dictionary<string, (ModelConfig Config, string Reason)> Refused = new()
    {
        ["dynamic"] = (ExportCases.Of("llama") with { RopeScaling = RopeScaling.DynamicNtk(4) }, "no dynamic NTK scaling"),
        ["llama-partial"] = (ExportCases.Of("llama") with { RopeScaling = RopeScaling.Linear(2), PartialRotaryFactor = 0.5 }, "rotation of 8 of a head's 16 elements"),
        ["llama-window"] = (ExportCases.Of("mistral").WithField("sliding_window", 100), "sliding windows of 100 tokens"),
        ["qwen2-llama3"] = (ExportCases.Of("qwen2") with { RopeScaling = RopeScaling.Llama3(4) }, "no rotary type 'llama3'"),
        ["qwen2-proportional"] = (ExportCases.Of("qwen2") with { RopeScaling = RopeScaling.Proportional(2) }, "no rotary type 'proportional'"),
        ["qwen2-longrope"] = (ExportCases.Of("qwen2") with { RopeScaling = RopeScaling.LongRope(new double[8].Select(_ => 1.0), new double[8].Select(_ => 2.0)) }, "no rotary type 'longrope'"),
        ["qwen3-betas"] = (ExportCases.Of("qwen3") with { RopeScaling = new YarnRopeScaling(4) { BetaFast = 16 } }, "no yarn with other settings"),
        ["qwen3-biases"] = (ExportCases.Of("qwen3") with { AttentionBias = true }, "queries, keys and values have biases"),
        ["smollm3-biases"] = (ExportCases.Of("smollm3") with { MlpBias = true, LayerCount = 4 }, "the MLP has biases"),
        ["smollm3-interval"] = (ExportCases.Of("smollm3").WithField("no_rope_layer_interval", 2), "layer 1 has no positions"),
        ["phi3-heads"] = (ExportCases.Of("phi3") with { HeadDimension = 32 }, "4 heads of 32 elements"),
        ["activation"] = (ExportCases.Of("llama") with { HiddenActivation = "relu" }, "activation is Relu"),
        ["gemma2-untied"] = (ExportCases.Config("gemma2") with { TieWordEmbeddings = false }, "the head is not the embedding"),
        ["gemma2-no-cap"] = (ExportCases.Config("gemma2").WithField("attn_logit_softcapping", null), "attention has no soft cap"),
        ["gemma3-order"] = (ExportCases.Config("gemma3").WithField("layer_types", Types("full", "sliding", "sliding", "full", "full", "full")), "equal groups"),
        ["gemma3-local-scaling"] = (ExportCases.Config("gemma3") with { RopeByLayerType = Local(new RopeSettings { Scaling = RopeScaling.Linear(2) }) }, "in layers with a window"),
        ["gemma2-local-base"] = (ExportCases.Config("gemma2") with { RopeByLayerType = Local(new RopeSettings { Theta = 100 }) }, "other rotary settings in layers of type sliding_attention"),
    };

    /// <summary>The repository's fixtures that llama.cpp can run.</summary>
    private static readonly string[] Known =
    [
        "gemma2", "gemma2-older-config", "gemma3", "gemma3-linear8-older-config", "granite", "granite-bias", "granite-llama3-older-config",
        "llama-bias-older-config", "llama-default", "llama-linear4", "llama-linear4-older-config", "llama-llama3", "llama-llama3-older-config",
        "llama-longrope", "llama-pad-inside", "llama-proportional-factor", "llama-tied-headdim", "llama-yarn-mscale", "llama-yarn4",
        "mistral-absent-fields", "mistral-window", "mistral-window-yarn", "olmo2", "olmo2-yarn4-older-config", "phi3-default-partial",
        "phi3-longrope", "phi3-longrope-partial", "phi3-longrope-window-older-config", "qwen2", "qwen2-window", "qwen2-yarn4-older-config",
        "qwen3", "qwen3-yarn4", "smollm3", "smollm3-older-config", "smollm3-yarn4",
    ];

    public static TheoryData<string> Names() => [.. Refused.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Export_WhatLlamaCppRunsOtherwise_ThrowsTheReason(string name)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        (ModelConfig config, string reason) = Refused[name];
        using CausalLanguageModel model = CausalLanguageModel.Create(config, seed: 1);
        string message = Assert.Throws<NotSupportedException>(() => GgufExporter.Export(model, folder["x.gguf"], new GgufExportOptions { WithoutTokenizer = true })).Message;
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData(256, false)]
    [InlineData(100, true)]
    public void Export_WindowThatNoTextReaches_OrAccepted_IsWritten(int window, bool accepted)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = CausalLanguageModel.Create(ExportCases.Of("mistral").WithField("sliding_window", window), seed: 1);
        GgufExporter.Export(model, folder["x.gguf"], new GgufExportOptions { WithoutTokenizer = true, AllowFullAttention = accepted });
        Assert.True(File.Exists(folder["x.gguf"]));
    }

    [Theory, MemberData(nameof(FixtureModels.All), MemberType = typeof(FixtureModels))]
    public void Export_Fixture_IsWrittenOrRefusedForAReason(string name)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = FixtureModels.Load(name);
        var options = new GgufExportOptions { WithoutTokenizer = true, AllowFullAttention = true };
        if (model.Config.RopeScaling is DynamicNtkRopeScaling)
        {
            Assert.Throws<NotSupportedException>(() => GgufExporter.Export(model, folder["x.gguf"], options));
            return;
        }

        try
        {
            GgufExporter.Export(model, folder["x.gguf"], options);
        }
        catch (NotSupportedException e) when (!Known.Contains(name))
        {
            Assert.Skip(e.Message); // cases from elsewhere may have what llama.cpp has not
        }

        Assert.True(File.Exists(folder["x.gguf"]));
    }

    private static Dictionary<string, RopeSettings> Local(RopeSettings settings) => new() { ["sliding_attention"] = settings };

    private static JsonArray Types(params string[] types) => [.. types.Select(type => JsonValue.Create(type + "_attention"))];
}
