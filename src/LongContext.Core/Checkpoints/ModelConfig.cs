using System.Text.Json.Nodes;

namespace LongContext.Checkpoints;

/// <summary>
/// A model's <c>config.json</c>. Immutable: change it by <c>with</c>. Fields this library does not know are kept and written
/// back. The defaults are those of Llama in transformers (7 billion parameters).
/// </summary>
/// <remarks>
/// Properties are checked together, when a file is read and when the config is written or <see cref="Validate">validated</see>.
/// Two configs are equal when they would write the same file, whatever the order of its fields.
/// </remarks>
public sealed partial record ModelConfig
{
    private readonly int? _keyValueHeadCount;
    private readonly int? _headDimension;
    private readonly IReadOnlyList<string>? _architectures;
    private readonly bool? _tieWordEmbeddings;
    private readonly string? _hiddenActivation;

    /// <summary>The family (<c>model_type</c>), default "llama".</summary>
    public string ModelType { get; init; } = "llama";

    /// <summary>The model classes in transformers (<c>architectures</c>), by default the family's, such as "LlamaForCausalLM".</summary>
    public IReadOnlyList<string> Architectures
    {
        get => _architectures ?? ModelConfigRules.Architectures(ModelType);
        init => _architectures = value;
    }

    /// <summary>Number of token ids (<c>vocab_size</c>), default 32,000.</summary>
    public int VocabularySize { get; init; } = 32_000;

    /// <summary>Width of the hidden states (<c>hidden_size</c>), default 4,096.</summary>
    public int HiddenSize { get; init; } = 4_096;

    /// <summary>Width inside the MLP (<c>intermediate_size</c>), default 11,008.</summary>
    public int IntermediateSize { get; init; } = 11_008;

    /// <summary>Number of layers (<c>num_hidden_layers</c>), default 32.</summary>
    public int LayerCount { get; init; } = 32;

    /// <summary>Query heads of a layer (<c>num_attention_heads</c>), default 32.</summary>
    public int HeadCount { get; init; } = 32;

    /// <summary>
    /// Key and value heads of a layer (<c>num_key_value_heads</c>), a divisor of <see cref="HeadCount"/>; by default as many.
    /// </summary>
    public int KeyValueHeadCount
    {
        get => _keyValueHeadCount ?? HeadCount;
        init => _keyValueHeadCount = value;
    }

    /// <summary>
    /// Size of a head (<c>head_dim</c>), even; by default the family's (256 for Gemma, 128 for Qwen 3), for others
    /// <see cref="HiddenSize"/> / <see cref="HeadCount"/>.
    /// </summary>
    public int HeadDimension
    {
        get => _headDimension ?? ModelConfigRules.HeadDimension(ModelType) ?? (HeadCount > 0 ? HiddenSize / HeadCount : 0);
        init => _headDimension = value;
    }

    /// <summary>
    /// The window, in tokens (<c>max_position_embeddings</c>), default 2,048: the long one for a linearly scaled model; for a
    /// dynamically scaled one the window it was trained for.
    /// </summary>
    public int MaxPositionEmbeddings { get; init; } = 2_048;

    /// <summary>The ε of the RMS norms (<c>rms_norm_eps</c>), default 1e-6.</summary>
    public double RmsNormEpsilon { get; init; } = 1e-6;

    /// <summary>
    /// Whether the output layer uses the embedding's weights (<c>tie_word_embeddings</c>), by default as the family does: true for Gemma
    /// and SmolLM 3, false for others.
    /// </summary>
    public bool TieWordEmbeddings
    {
        get => _tieWordEmbeddings ?? ModelConfigRules.TiesWordEmbeddings(ModelType);
        init => _tieWordEmbeddings = value;
    }

    /// <summary>Whether the attention projections have biases (<c>attention_bias</c>), default false.</summary>
    public bool AttentionBias { get; init; }

    /// <summary>Whether the MLP projections have biases (<c>mlp_bias</c>), default false.</summary>
    public bool MlpBias { get; init; }

    /// <summary>
    /// The MLP's activation by its name in transformers (<c>hidden_act</c>, for Gemma <c>hidden_activation</c>), default "silu", for Gemma
    /// "gelu_pytorch_tanh".
    /// </summary>
    public string HiddenActivation
    {
        get => _hiddenActivation ?? ModelConfigRules.Activation(ModelType);
        init => _hiddenActivation = value;
    }

    /// <summary>Standard deviation of freshly made weights (<c>initializer_range</c>), default 0.02.</summary>
    public double InitializerRange { get; init; } = ModelConfigRules.DefaultInitializerRange;

    /// <summary>Token id that begins a sequence (<c>bos_token_id</c>); default none.</summary>
    public int? BeginningOfSentenceTokenId { get; init; }

    /// <summary>Token ids that end a sequence (<c>eos_token_id</c>, one number or several); default none.</summary>
    public IReadOnlyList<int> EndOfSentenceTokenIds { get; init; } = [];

    /// <summary>
    /// Token id that fills up rows where there are rows (<c>pad_token_id</c>); default none. There is no padding here, but as in
    /// transformers the embedding of this token gets no gradient. Negative ids count from the vocabulary's end, as in PyTorch.
    /// </summary>
    public int? PadTokenId { get; init; }

    /// <summary>
    /// Element type of the weights by its name in PyTorch (<c>dtype</c>, before transformers 4.56 <c>torch_dtype</c>), for
    /// example "float32" or "bfloat16"; default none.
    /// </summary>
    public string? DataType { get; init; }

    /// <summary>Whether the head's size was given, rather than following from others.</summary>
    internal bool HasOwnHeadDimension => _headDimension is not null;

    /// <summary>The file this config was read from; null for one made from scratch.</summary>
    private ModelConfigOrigin? Origin { get; init; }

    /// <inheritdoc/>
    public bool Equals(ModelConfig? other) =>
        ReferenceEquals(this, other) || (other is not null && JsonNode.DeepEquals(ToJsonObject(), other.ToJsonObject()));

    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(ModelType, VocabularySize, HiddenSize, LayerCount, HeadCount, MaxPositionEmbeddings);
}
