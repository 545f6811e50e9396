using LongContext.Checkpoints;
using LongContext.Models;

namespace LongContext.Export;

/// <summary>What llama.cpp's implementation of a family can do, where families differ.</summary>
/// <param name="Name">Its name there (<c>general.architecture</c>).</param>
internal sealed record GgufArchitecture(string Name)
{
    /// <summary>Whether neighbouring elements of a head form a rotary pair, rather than those half a head apart as in Hugging Face's files.</summary>
    public bool PairsNeighbours { get; init; }

    /// <summary>Whether each frequency may have a divisor of its own (<c>rope_freqs</c>).</summary>
    public bool HasFrequencyFactors { get; init; }

    /// <summary>Whether there may be one set of divisors for short contexts and one for long (<c>rope_factors_short</c>, <c>_long</c>).</summary>
    public bool HasLongRope { get; init; }

    /// <summary>Whether a part of a head may stay unrotated.</summary>
    public bool HasPartialRotation { get; init; }

    /// <summary>Biases of queries, keys and values.</summary>
    public bool HasQueryKeyValueBias { get; init; }

    /// <summary>Biases of attention's output and of the MLP.</summary>
    public bool HasOtherBiases { get; init; }

    /// <summary>Whether heads of another size than hidden / heads are possible.</summary>
    public bool HasOwnHeadDimension { get; init; } = true;

    /// <summary>The head is a tensor of its own even where it is the embedding.</summary>
    public bool NeedsHead { get; init; }

    /// <summary>The head is always the embedding.</summary>
    public bool IsAlwaysTied { get; init; }

    /// <summary>Multipliers in the metadata: embedding, attention, residual, logits.</summary>
    public bool HasMultipliers { get; init; }

    /// <summary>
    /// Of how many layers, counted from the first, the last sees everything while the others have the window; null where there are no
    /// windows.
    /// </summary>
    public int? WindowPeriod { get; init; }

    /// <summary>Whether some layers have a window whatever the file says.</summary>
    public bool AlwaysHasWindows { get; init; }

    /// <summary>Whether layers with a window have their own rotary base.</summary>
    public bool HasWindowBase { get; init; }

    /// <summary>Every layer whose number, from 1, is a multiple of this has no positions; null where all have.</summary>
    public int? NoPositionsInterval { get; init; }

    /// <summary>Whether scores and logits have soft caps, always.</summary>
    public bool HasSoftCaps { get; init; }

    /// <summary>The number of layers of the model for which the scale is 1/√(hidden / heads); 1/√headDim elsewhere.</summary>
    public int? LayersWithScaleOfHidden { get; init; }

    public Activation Activation { get; init; } = Activation.Silu;

    public bool ScalesEmbedding { get; init; }

    /// <exception cref="NotSupportedException">A family that is not written.</exception>
    public static GgufArchitecture Of(ModelConfig config) => config.ModelType switch
    {
        // Mistral is "llama" in llama.cpp.
        "llama" or "mistral" => Llama("llama"),
        "qwen2" => new("qwen2") { HasQueryKeyValueBias = true },
        "qwen3" => new("qwen3"),
        "phi3" => new("phi3") { HasLongRope = true, HasPartialRotation = true, HasOwnHeadDimension = false },
        "gemma2" => Gemma("gemma2") with { WindowPeriod = 2, AlwaysHasWindows = true, LayersWithScaleOfHidden = 46, HasSoftCaps = true },
        "gemma3_text" => Gemma("gemma3") with { WindowPeriod = 6, LayersWithScaleOfHidden = 62, HasWindowBase = true },
        "olmo2" => new("olmo2") { HasOwnHeadDimension = false, NeedsHead = true },
        "granite" => Llama("granite") with { HasMultipliers = true },
        "smollm3" => new("smollm3") { PairsNeighbours = true, NoPositionsInterval = 4 },
        _ => throw new NotSupportedException($"Model family '{config.ModelType}' is not written as GGUF yet."),
    };

    private static GgufArchitecture Llama(string name) => new(name)
    {
        PairsNeighbours = true,
        HasFrequencyFactors = true,
        HasLongRope = true,
        HasQueryKeyValueBias = true,
        HasOtherBiases = true,
    };

    private static GgufArchitecture Gemma(string name) => new(name)
    {
        IsAlwaysTied = true,
        Activation = Activation.GeluTanh,
        HasPartialRotation = true,
        ScalesEmbedding = true,
    };
}
