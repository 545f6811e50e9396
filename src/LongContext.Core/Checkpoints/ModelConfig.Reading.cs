using System.Text.Json.Nodes;

namespace LongContext.Checkpoints;

public sealed partial record ModelConfig
{
    private const string FileName = "config.json";

    /// <summary>A config is some kilobytes; label maps have made some a megabyte.</summary>
    private const long MaximumBytes = 16 << 20;

    /// <summary>Reads a config.</summary>
    /// <param name="folderOrFile">A model's folder, or the file itself.</param>
    /// <exception cref="FileNotFoundException">There is no such file or folder.</exception>
    /// <exception cref="CheckpointFormatException">The file is not a sound config; the message names file and field.</exception>
    /// <exception cref="NotSupportedException">The model is of several parts (but for Gemma 3's, of which the text part is read), or asks for multimodal positions.</exception>
    public static ModelConfig Load(string folderOrFile)
    {
        ArgumentException.ThrowIfNullOrEmpty(folderOrFile);
        string path = folderOrFile;
        if (Directory.Exists(folderOrFile))
        {
            path = Path.Combine(folderOrFile, FileName);
            if (!File.Exists(path)) throw new CheckpointFormatException($"{folderOrFile}: the folder has no {FileName}.");
        }

        return Read(CheckpointJson.ReadObject(path, MaximumBytes), path);
    }

    /// <summary>Reads a config from text.</summary>
    /// <param name="json">The text: one JSON object.</param>
    /// <param name="sourceName">Where it comes from, for messages.</param>
    /// <exception cref="CheckpointFormatException">The text is not a sound config; the message names source and field.</exception>
    /// <exception cref="NotSupportedException">The model is of several parts (but for Gemma 3's, of which the text part is read), or asks for multimodal positions.</exception>
    public static ModelConfig Parse(string json, string sourceName)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentException.ThrowIfNullOrEmpty(sourceName);
        if (json.Length > MaximumBytes)
        {
            throw new CheckpointFormatException(
                $"{sourceName}: the text has {json.Length} characters, expected at most {MaximumBytes}.");
        }

        return Read(CheckpointJson.ParseObject(json, sourceName), sourceName);
    }

    /// <summary>Throws one exception that names every property out of range, by its name in <c>config.json</c>.</summary>
    /// <exception cref="ArgumentException">A property is out of range.</exception>
    public void Validate()
    {
        if (ModelConfigRules.FindFaults(this) is { Count: > 0 } faults) throw new ArgumentException(string.Join("; ", faults) + ".");
    }

    private static ModelConfig Read(JsonObject json, string sourceName)
    {
        json = TextPart.Of(json, sourceName);
        ConfigFields fields = new(json, sourceName);
        string modelType = fields.RequireString("model_type");
        RopeConfig rope = RopeConfigReader.Read(fields, modelType);
        ModelConfig config = new()
        {
            ModelType = modelType,
            Architectures = fields.OptionalStrings("architectures") ?? [],
            VocabularySize = fields.RequireInt("vocab_size"),
            HiddenSize = fields.RequireInt("hidden_size"),
            IntermediateSize = fields.RequireInt("intermediate_size"),
            LayerCount = fields.RequireInt("num_hidden_layers"),
            HeadCount = fields.RequireInt("num_attention_heads"),
            MaxPositionEmbeddings = fields.RequireInt("max_position_embeddings"),
            RmsNormEpsilon = fields.RequireDouble("rms_norm_eps"),
            RopeTheta = rope.Main.Theta,
            RopeScaling = rope.Main.Scaling,
            PartialRotaryFactor = rope.Main.PartialRotaryFactor,
            RopeByLayerType = rope.ByLayerType,
            TieWordEmbeddings = fields.OptionalBool("tie_word_embeddings") ?? ModelConfigRules.TiesWordEmbeddings(modelType),
            AttentionBias = fields.OptionalBool("attention_bias") ?? false,
            MlpBias = fields.OptionalBool("mlp_bias") ?? false,
            HiddenActivation = fields.OptionalString("hidden_activation")
                ?? (ModelConfigRules.IsGemma(modelType) ? null : fields.OptionalString("hidden_act"))
                ?? ModelConfigRules.Activation(modelType),
            InitializerRange = fields.OptionalDouble("initializer_range") ?? ModelConfigRules.DefaultInitializerRange,
            BeginningOfSentenceTokenId = fields.OptionalInt("bos_token_id"),
            EndOfSentenceTokenIds = fields.OptionalIntOrInts("eos_token_id") ?? [],
            PadTokenId = json.ContainsKey("pad_token_id") ? fields.OptionalInt("pad_token_id") : ModelConfigRules.PadToken(modelType),
            DataType = fields.OptionalString("dtype") ?? fields.OptionalString("torch_dtype"),
        };
        int? absentHeads = json.ContainsKey("num_key_value_heads") ? null : ModelConfigRules.KeyValueHeads(modelType);
        if ((fields.OptionalInt("num_key_value_heads") ?? absentHeads) is { } heads) config = config with { KeyValueHeadCount = heads };
        if (fields.OptionalInt("head_dim") is { } size) config = config with { HeadDimension = size };
        if (rope.Main.OriginalMaxPositionEmbeddings is { } window) config = config with { OriginalMaxPositionEmbeddings = window };
        return ModelConfigRules.FindFaults(config) is { Count: > 0 } faults
            ? throw new CheckpointFormatException($"{sourceName}: {string.Join("; ", faults)}.")
            : config with { Origin = new ModelConfigOrigin(json, rope, config) };
    }
}
