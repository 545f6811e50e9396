using System.Text.Json.Nodes;
using LongContext.Checkpoints;
using LongContext.Positions;

namespace LongContext.Tests.Export;

/// <summary>Small random models of every family, and of every rope scaling that llama.cpp can express.</summary>
internal static class ExportCases
{
    public const int Vocabulary = 128;

    private const int Trained = 64;

    private static readonly double[] Short = [.. Enumerable.Range(0, 8).Select(i => 1 + (0.05 * i))];
    private static readonly double[] Long = [.. Enumerable.Range(0, 8).Select(i => 1 + (0.4 * i))];

    private static readonly Dictionary<string, Func<ModelConfig>> All = new()
    {
        ["llama"] = () => Of("llama"),
        ["llama-biases"] = () => Of("llama") with { AttentionBias = true, MlpBias = true, HeadDimension = 32 },
        ["llama-linear"] = () => Scaled(RopeScaling.Linear(4)),
        ["llama-ntk-aware"] = () => Scaled(RopeScaling.NtkAware(4)),
        ["llama-alpha"] = () => Scaled(new DynamicNtkAlphaRopeScaling(3)),
        ["llama-yarn"] = () => Scaled(RopeScaling.Yarn(4)),
        ["llama-yarn-attention-factor"] = () => Scaled(new YarnRopeScaling(4) { AttentionFactor = 1.4 }),
        ["llama-yarn-mscale"] = () => Scaled(new YarnRopeScaling(4) { MScale = 0.7, MScaleAllDimensions = 1.2 }),
        ["llama-yarn-betas"] = () => Scaled(new YarnRopeScaling(4) { BetaFast = 8, BetaSlow = 2 }),
        ["llama-yarn-untruncated"] = () => Scaled(new YarnRopeScaling(4) { Truncate = false, AttentionFactor = 1.2 }),
        ["llama-llama3"] = () => Scaled(RopeScaling.Llama3(4)),
        ["llama-proportional"] = () => Of("llama") with { RopeScaling = RopeScaling.Proportional(2), PartialRotaryFactor = 0.5 },
        ["llama-longrope"] = () => Scaled(RopeScaling.LongRope(Short, Long)),
        ["llama-longrope-short"] = () => Scaled(RopeScaling.LongRope(Short, Long)) with { OriginalMaxPositionEmbeddings = 512, MaxPositionEmbeddings = 2_048 },
        ["mistral"] = () => Of("mistral").WithField("sliding_window", null),
        ["qwen2"] = () => Of("qwen2"),
        ["qwen2-yarn"] = () => Scaled(RopeScaling.Yarn(4), "qwen2"),
        ["qwen3"] = () => Of("qwen3") with { HeadDimension = 32 },
        ["qwen3-tied-yarn"] = () => Scaled(RopeScaling.Yarn(4), "qwen3") with { HeadDimension = 16, TieWordEmbeddings = true },
        ["phi3"] = () => Of("phi3"),
        ["phi3-partial"] = () => Of("phi3") with { PartialRotaryFactor = 0.75 },
        ["phi3-longrope"] = () => Scaled(RopeScaling.LongRope(Short, Long), "phi3"),
        ["phi3-longrope-partial-short"] = () => Scaled(RopeScaling.LongRope(Short[..6], Long[..6]), "phi3") with
        {
            PartialRotaryFactor = 0.75,
            OriginalMaxPositionEmbeddings = 512,
            MaxPositionEmbeddings = 2_048,
        },
        ["gemma2"] = () => Gemma("gemma2", 16),
        ["gemma2-query-scale"] = () => Gemma("gemma2", 24),
        ["gemma2-linear"] = () => Gemma("gemma2", 16, RopeScaling.Linear(4)),
        ["gemma2-yarn"] = () => Gemma("gemma2", 16, RopeScaling.Yarn(4)),
        ["gemma2-pattern"] = () => Gemma("gemma2", 16).WithField("layer_types", Types("ssf")),
        ["gemma2-all-full"] = () => Gemma("gemma2", 16).WithField("layer_types", Types("fff")),
        ["gemma3"] = () => Gemma("gemma3_text", 16),
        ["gemma3-query-scale"] = () => Gemma("gemma3_text", 24),
        ["gemma3-linear"] = () => Gemma("gemma3_text", 16, RopeScaling.Linear(8)),
        ["gemma3-yarn"] = () => Gemma("gemma3_text", 16, RopeScaling.Yarn(4)),
        ["gemma3-local-base"] = () => Gemma("gemma3_text", 16) with
        {
            RopeByLayerType = new Dictionary<string, RopeSettings> { ["sliding_attention"] = new() { Theta = 100 } },
        },
        ["gemma3-pattern"] = () => Gemma("gemma3_text", 16).WithField("layer_types", Types("ssfssf")),
        ["gemma3-all-full"] = () => Gemma("gemma3_text", 16).WithField("layer_types", Types("ffffff")),
        ["gemma3-all-sliding"] = () => Gemma("gemma3_text", 16).WithField("layer_types", Types("ssssss")),
        ["gemma3-soft-cap"] = () => Gemma("gemma3_text", 16).WithField("final_logit_softcapping", 3.0),
        ["olmo2"] = () => Of("olmo2"),
        ["olmo2-tied-yarn"] = () => Scaled(RopeScaling.Yarn(4), "olmo2") with { TieWordEmbeddings = true },
        ["granite"] = () => Granite(),
        ["granite-biases-llama3"] = () => Granite() with
        {
            AttentionBias = true,
            MlpBias = true,
            RopeScaling = RopeScaling.Llama3(4),
            OriginalMaxPositionEmbeddings = Trained,
            MaxPositionEmbeddings = 4 * Trained,
        },
        ["smollm3"] = () => Of("smollm3") with { LayerCount = 5 },
        ["smollm3-yarn"] = () => Scaled(RopeScaling.Yarn(4), "smollm3") with { LayerCount = 4 },
    };

    public static IEnumerable<string> Names => All.Keys;

    public static ModelConfig Config(string name) => All[name]();

    public static ModelConfig Of(string family) => new()
    {
        ModelType = family,
        VocabularySize = Vocabulary,
        HiddenSize = 64,
        IntermediateSize = 96,
        LayerCount = 2,
        HeadCount = 4,
        KeyValueHeadCount = 2,
        HeadDimension = 16,
        MaxPositionEmbeddings = 256,
        TieWordEmbeddings = false,
        InitializerRange = 0.2,
        BeginningOfSentenceTokenId = 1,
        EndOfSentenceTokenIds = [2],
    };

    private static ModelConfig Scaled(RopeScaling scaling, string family = "llama") =>
        Of(family) with { RopeScaling = scaling, OriginalMaxPositionEmbeddings = Trained, MaxPositionEmbeddings = 4 * Trained };

    private static ModelConfig Gemma(string family, double queryScalar, RopeScaling? scaling = null)
    {
        ModelConfig config = Of(family).WithField("query_pre_attn_scalar", queryScalar).WithField("sliding_window", 12)
            with { TieWordEmbeddings = true, LayerCount = family == "gemma2" ? 3 : 6 };
        if (family == "gemma2") config = config.WithField("attn_logit_softcapping", 4.0).WithField("final_logit_softcapping", 3.0);
        return scaling is null ? config : config with { RopeScaling = scaling, OriginalMaxPositionEmbeddings = Trained, MaxPositionEmbeddings = 4 * Trained };
    }

    private static ModelConfig Granite() => Of("granite")
        .WithField("embedding_multiplier", 3.0).WithField("attention_multiplier", 0.4).WithField("residual_multiplier", 0.6).WithField("logits_scaling", 2.5);

    private static JsonArray Types(string letters) =>
        [.. letters.Select(letter => JsonValue.Create(letter == 's' ? "sliding_attention" : "full_attention"))];
}
