using LongContext.Checkpoints;
using LongContext.Gguf;
using LongContext.Models;
using LongContext.Positions;

namespace LongContext.Export;

/// <summary>Rotary positions in llama.cpp's terms: metadata and, for some scalings, tensors of divisors.</summary>
internal sealed class GgufRope
{
    /// <summary>The divisor of a frequency that is to stand still.</summary>
    private const float Still = 1e30f;

    private readonly List<(string Key, object Value)> values = [];
    private readonly List<GgufTensorEntry> tensors = [];
    private readonly GgufArchitecture architecture;

    private GgufRope(GgufArchitecture architecture) => this.architecture = architecture;

    /// <summary>Tensors to be written.</summary>
    public IReadOnlyList<GgufTensorEntry> Tensors => tensors;

    /// <exception cref="NotSupportedException">A scaling that llama.cpp does not have, for this family or at all.</exception>
    public static GgufRope Read(ModelConfig config, DecoderShape shape, GgufArchitecture architecture)
    {
        var rope = new GgufRope(architecture);
        string[] types = [.. shape.Layers.Where(layer => layer.HasPositions).Select(layer => layer.Type).Distinct()];
        string main = types.Contains(LayerShape.FullAttention) || types.Length == 0 ? LayerShape.FullAttention : types[0];
        rope.WriteMain(config.RopeOf(main), config.RopeParametersOf(main));
        foreach (string type in types)
        {
            if (architecture.HasWindowBase && type == LayerShape.SlidingAttention) rope.WriteWindowBase(config, main);
            else if (config.RopeOf(type) != config.RopeOf(main))
                throw rope.Unsupported($"other rotary settings in layers of type {type} than in the others");
        }

        return rope;
    }

    /// <summary>Writes the metadata.</summary>
    public void WriteTo(GgufMetadata metadata)
    {
        foreach ((string key, object value) in values) metadata.Set($"{architecture.Name}.rope.{key}", value);
    }

    private void WriteMain(RopeSettings settings, RopeParameters parameters)
    {
        bool wholeHead = settings.Scaling.RotatesWholeHead;
        int rotated = wholeHead ? parameters.HeadDimension : parameters.RotaryDimension;
        if (rotated != parameters.HeadDimension && !architecture.HasPartialRotation)
            throw Unsupported($"rotation of {rotated} of a head's {parameters.HeadDimension} elements (partial_rotary_factor)");
        Add("dimension_count", (uint)rotated);
        Add("freq_base", (float)(BaseOf(settings, parameters) ?? settings.Theta));
        switch (settings.Scaling)
        {
            case NoRopeScaling or NtkAwareRopeScaling or DynamicNtkAlphaRopeScaling:
                break;
            case LinearRopeScaling linear:
                Add("scaling.type", "linear");
                Add("scaling.factor", (float)linear.Factor);
                break;
            case YarnRopeScaling yarn:
                WriteYarn(yarn, parameters);
                break;
            case LongRopeScaling longRope:
                WriteLongRope(longRope, parameters);
                break;
            case Llama3RopeScaling or ProportionalRopeScaling when architecture.HasFrequencyFactors:
                WriteFactors(settings.Scaling, parameters, rotated);
                break;
            case DynamicNtkRopeScaling:
                throw new NotSupportedException(
                    "llama.cpp has no dynamic NTK scaling, whose frequencies follow the text's length; "
                    + "load the model with RopeScaling.NtkAware, Yarn or Linear instead.");
            default:
                throw Unsupported($"rotary type '{settings.Scaling.RopeType}'");
        }
    }

    /// <summary>The base where the scaling is nothing but another base; null for other scalings.</summary>
    private static double? BaseOf(RopeSettings settings, RopeParameters parameters)
    {
        double? growth = settings.Scaling switch
        {
            NtkAwareRopeScaling scaling => scaling.Factor,
            DynamicNtkAlphaRopeScaling scaling => scaling.Alpha,
            NoRopeScaling => 1,
            _ => null,
        };
        if (growth is not { } factor) return null;
        double changed = new NtkAwareRopeScaling(factor).BaseFor(settings.Theta, parameters.RotaryDimension);
        return double.IsFinite((float)changed) ? changed : settings.Theta; // with a single pair the base is of no effect
    }

    /// <summary>llama.cpp computes the ramp as transformers does, with 32 and 1 turns and ends rounded outwards; other settings become divisors.</summary>
    private void WriteYarn(YarnRopeScaling yarn, RopeParameters parameters)
    {
        if (yarn is not { BetaFast: 32, BetaSlow: 1, Truncate: true })
        {
            if (!architecture.HasFrequencyFactors) throw Unsupported("yarn with other settings than beta_fast 32, beta_slow 1 and truncate true");
            WriteFactors(yarn, parameters, parameters.RotaryDimension);
            return;
        }

        Add("scaling.type", "yarn");
        Add("scaling.factor", (float)yarn.Factor);
        Add("scaling.original_context_length", (uint)parameters.OriginalMaxPositionEmbeddings);
        // llama.cpp multiplies by 0.1·ln s + 1 of its own accord.
        double attention = yarn.ComputeFrequencies(parameters, 0).AttentionFactor / ((0.1 * Math.Log(yarn.Factor)) + 1);
        AddAttentionFactor(attention);
    }

    /// <summary>llama.cpp takes the long divisors when the context it is opened with is longer than the original window.</summary>
    private void WriteLongRope(LongRopeScaling scaling, RopeParameters parameters)
    {
        if (!architecture.HasLongRope) throw Unsupported("rotary type 'longrope'");
        Add("scaling.type", "longrope");
        Add("scaling.original_context_length", (uint)parameters.OriginalMaxPositionEmbeddings);
        Add("scaling.attn_factor", (float)scaling.ComputeFrequencies(parameters, 0).AttentionFactor);
        AddTensor("rope_factors_long.weight", [.. scaling.LongFactors.Select(factor => (float)factor)]);
        AddTensor("rope_factors_short.weight", [.. scaling.ShortFactors.Select(factor => (float)factor)]);
    }

    /// <summary>Any frequencies that do not follow the length, as divisors of the plain ones.</summary>
    private void WriteFactors(RopeScaling scaling, RopeParameters parameters, int rotated)
    {
        RopeFrequencies frequencies = scaling.ComputeFrequencies(parameters, 0);
        float[] factors = new float[frequencies.InverseFrequencies.Length];
        for (int pair = 0; pair < factors.Length; pair++)
        {
            double frequency = frequencies.InverseFrequencies[pair], plain = Math.Pow(parameters.Theta, -2.0 * pair / rotated);
            factors[pair] = frequency == 0 ? Still : (float)(plain / frequency);
        }

        AddTensor("rope_freqs.weight", factors);
        AddAttentionFactor(frequencies.AttentionFactor);
    }

    /// <summary>Layers with a window have a base of their own there, plain frequencies, and what is multiplied to cos and sin in the others.</summary>
    private void WriteWindowBase(ModelConfig config, string main)
    {
        RopeSettings settings = config.RopeOf(LayerShape.SlidingAttention);
        RopeParameters parameters = config.RopeParametersOf(LayerShape.SlidingAttention);
        if (BaseOf(settings, parameters) is not { } own || parameters.RotaryDimension != config.RopeParametersOf(main).RotaryDimension)
            throw Unsupported($"rotary type '{settings.Scaling.RopeType}', or another rotated part, in layers with a window");
        if (values.Any(value => value.Key == "scaling.attn_factor")) throw Unsupported("an attention factor of its own in layers without a window");
        Add("freq_base_swa", (float)own);
    }

    private void AddAttentionFactor(double factor)
    {
        if (Math.Abs(factor - 1) > 1e-9) Add("scaling.attn_factor", (float)factor);
    }

    private void Add(string key, object value) => values.Add((key, value));

    private void AddTensor(string name, float[] factors) => tensors.Add(GgufTensorEntry.Create(name, GgufTensorType.Float32, [factors.Length], factors));

    private NotSupportedException Unsupported(string what) => new($"llama.cpp's '{architecture.Name}' has no {what}.");
}
