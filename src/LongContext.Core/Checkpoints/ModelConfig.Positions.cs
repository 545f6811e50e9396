using System.Globalization;
using LongContext.Positions;

namespace LongContext.Checkpoints;

public sealed partial record ModelConfig
{
    private readonly int? _originalMaxPositionEmbeddings;
    private readonly double? _ropeTheta;
    private readonly IReadOnlyDictionary<string, RopeSettings>? _ropeByLayerType;

    /// <summary>The base θ of the rotary frequencies (<c>rope_theta</c>), default 10,000 (for Gemma 3 1,000,000, for SmolLM 3 2,000,000).</summary>
    public double RopeTheta
    {
        get => _ropeTheta ?? RopeConfig.DefaultTheta(ModelType);
        init => _ropeTheta = value;
    }

    /// <summary>How rotary positions are stretched, default <see cref="Positions.RopeScaling.None"/>.</summary>
    public RopeScaling RopeScaling { get; init; } = RopeScaling.None;

    /// <summary>
    /// The part of each head that is rotated (<c>partial_rotary_factor</c>), above 0 and at most 1 (default). As in transformers, all
    /// families here but Phi-3 leave it aside where there is no scaling.
    /// </summary>
    public double PartialRotaryFactor { get; init; } = 1;

    /// <summary>
    /// The window before scaling, in tokens (<c>original_max_position_embeddings</c>); by default <see cref="MaxPositionEmbeddings"/>.
    /// YaRN, LongRoPE and Llama 3's scaling count from it; with the others a file that has it keeps it while its scaling stays of one
    /// type, no other gets it.
    /// </summary>
    public int OriginalMaxPositionEmbeddings
    {
        get => _originalMaxPositionEmbeddings ?? MaxPositionEmbeddings;
        init => _originalMaxPositionEmbeddings = value;
    }

    /// <summary>
    /// Rotary settings of layer types that have their own, by the type's name in <c>layer_types</c>, such as "sliding_attention"; all other
    /// layers have <see cref="RopeTheta"/>, <see cref="RopeScaling"/> and the rest. Default: none, for Gemma 3 a base of 10,000 in sliding layers.
    /// </summary>
    public IReadOnlyDictionary<string, RopeSettings> RopeByLayerType
    {
        get => _ropeByLayerType ?? RopeConfig.DefaultByLayerType(ModelType);
        init => _ropeByLayerType = value;
    }

    /// <summary>
    /// What <see cref="RopeScaling.ComputeFrequencies"/> needs to know of this model's layers, those with
    /// <see cref="RopeByLayerType">settings of their own</see> apart.
    /// </summary>
    /// <remarks>transformers scales dynamically from <c>max_position_embeddings</c>, whatever else the config says.</remarks>
    public RopeParameters RopeParameters => ParametersOf(MainRope);

    private RopeSettings MainRope => new()
    {
        Theta = RopeTheta,
        Scaling = RopeScaling,
        PartialRotaryFactor = PartialRotaryFactor,
        OriginalMaxPositionEmbeddings = _originalMaxPositionEmbeddings,
    };

    /// <summary>
    /// What a file is to say. Layer types for which a file that is silent means something else than the main settings are spelled out.
    /// </summary>
    private RopeConfig Rope => new()
    {
        Main = AsWritten(MainRope),
        ByLayerType = RopeByLayerType.Keys.Concat(RopeConfig.DefaultByLayerType(ModelType).Keys).Distinct()
            .ToDictionary(layerType => layerType, layerType => AsWritten(RopeOf(layerType)), StringComparer.Ordinal),
    };

    /// <summary>The rotary settings of layers of a type.</summary>
    /// <param name="layerType">The type's name in <c>layer_types</c>, such as "full_attention".</param>
    public RopeSettings RopeOf(string layerType)
    {
        ArgumentNullException.ThrowIfNull(layerType);
        return RopeByLayerType.GetValueOrDefault(layerType) ?? MainRope;
    }

    /// <summary>As <see cref="RopeParameters"/>, for layers of a type.</summary>
    /// <param name="layerType">The type's name in <c>layer_types</c>, such as "full_attention".</param>
    public RopeParameters RopeParametersOf(string layerType) => ParametersOf(RopeOf(layerType));

    /// <summary>Whether both give the same rotary frequencies at every length, however they are put.</summary>
    internal bool RotatesLike(ModelConfig other) =>
        RopeByLayerType.Keys.Concat(other.RopeByLayerType.Keys).Append(RopeConfig.MainLayerType)
            .All(layerType => RotationOf(layerType) == other.RotationOf(layerType));

    /// <summary>The same config with the rotary settings and the window of another one, whose heads may have another size.</summary>
    internal ModelConfig WithPositionsOf(ModelConfig other) => this with
    {
        RopeTheta = other.RopeTheta,
        RopeScaling = other.RopeScaling,
        PartialRotaryFactor = other.PartialRotaryFactor,
        MaxPositionEmbeddings = other.MaxPositionEmbeddings,
        OriginalMaxPositionEmbeddings = other.OriginalMaxPositionEmbeddings,
        RopeByLayerType = other.RopeByLayerType,
    };

    /// <summary>How this config and another one rotate, where they do it differently; for people, in few words where these tell the two apart.</summary>
    internal (string Here, string There) DescribeRotations(ModelConfig other)
    {
        string[] types = [.. RopeByLayerType.Keys.Concat(other.RopeByLayerType.Keys).Append(RopeConfig.MainLayerType).Distinct().Order(StringComparer.Ordinal).Where(type => RotationOf(type) != other.RotationOf(type))];
        bool namesTypes = RopeByLayerType.Count + other.RopeByLayerType.Count > 0;
        (string here, string there) = (Describe(this, brief: true), Describe(other, brief: true));
        return here != there ? (here, there) : (Describe(this, brief: false), Describe(other, brief: false));

        string Describe(ModelConfig config, bool brief) => string.Join("; ", types.Select(type => (namesTypes ? type + ": " : "") + config.DescribeRotation(type, brief)));
    }

    private string DescribeRotation(string layerType, bool brief)
    {
        (RopeScaling scaling, RopeParameters parameters) = RotationOf(layerType);
        if (!brief) return $"{scaling}, {parameters}";
        double? factor = scaling switch
        {
            LinearRopeScaling linear => linear.Factor,
            DynamicNtkRopeScaling dynamic => dynamic.Factor,
            YarnRopeScaling yarn => yarn.Factor,
            Llama3RopeScaling llama => llama.Factor,
            ProportionalRopeScaling proportional => proportional.Factor,
            _ => null,
        };
        string name = scaling is NoRopeScaling ? "no scaling" : string.Create(CultureInfo.InvariantCulture, $"{scaling.RopeType} scaling{(factor is null ? "" : " by ")}{factor:G6}");
        return string.Create(CultureInfo.InvariantCulture, $"{name} and base {parameters.Theta:G10}");
    }

    /// <summary>All that the frequencies of a layer type follow from, and nothing that they do not.</summary>
    private (RopeScaling Scaling, RopeParameters Parameters) RotationOf(string layerType)
    {
        RopeSettings settings = AsWritten(RopeOf(layerType));
        RopeParameters parameters = ParametersOf(settings);
        bool countsFromOriginal = settings.Scaling is YarnRopeScaling or LongRopeScaling or Llama3RopeScaling;
        bool countsFromWindow = settings.Scaling is DynamicNtkRopeScaling or LongRopeScaling { Factor: null };
        return (settings.Scaling, parameters with
        {
            OriginalMaxPositionEmbeddings = countsFromOriginal ? parameters.OriginalMaxPositionEmbeddings : 1,
            MaxPositionEmbeddings = countsFromWindow ? parameters.MaxPositionEmbeddings : 1,
        });
    }

    /// <summary>NTK-aware scaling has no name in config files; its base says it all.</summary>
    private RopeSettings AsWritten(RopeSettings settings) =>
        settings.Scaling is NtkAwareRopeScaling scaling
            ? settings with { Theta = scaling.BaseFor(settings.Theta, ParametersOf(settings).RotaryDimension), Scaling = RopeScaling.None }
            : settings;

    private RopeParameters ParametersOf(RopeSettings settings) => new()
    {
        Theta = settings.Theta,
        HeadDimension = HeadDimension,
        MaxPositionEmbeddings = MaxPositionEmbeddings,
        OriginalMaxPositionEmbeddings = settings.OriginalMaxPositionEmbeddings ?? MaxPositionEmbeddings,
        PartialRotaryFactor =
            settings.Scaling is NoRopeScaling or NtkAwareRopeScaling && RopeConfig.RotatesPlainHeadsWhole(ModelType) ? 1 : settings.PartialRotaryFactor,
    };
}
