using LongContext.Cuda.Decoding;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Linear;
using LongContext.Models;
using LongContext.Models.Quantization;
using LongContext.Positions;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Generation.Running;

/// <summary>A model's weights and rotary settings as the GPU's kernels read them, all in place.</summary>
internal sealed class CudaWeights : IDisposable
{
    private readonly CpuTensors tensors = new();
    private readonly Dictionary<RopeSettings, CudaRotary> rotaries = [];
    private readonly RotaryEmbedding positions;
    private readonly CausalLanguageModel model;
    private readonly CudaContext context;
    private readonly Dictionary<string, Linear> linears;

    public CudaWeights(CausalLanguageModel model, CudaContext context)
    {
        (this.model, this.context) = (model, context);
        positions = model.RotaryEmbedding;
        linears = model.Parameters.Linears.ToDictionary(linear => linear.Name, StringComparer.Ordinal);
        try
        {
            using var scope = NewDisposeScope();
            using var noGradient = no_grad();
            Embedding = tensors.Codes(model.Embedding);
            FinalNorm = tensors.Codes(model.Parameters.Find(DecoderTensors.FinalNorm));
            Head = Part(model.Head);
            Layers = [.. Enumerable.Range(0, model.Shape.LayerCount).Select(Layer)];
            Rotaries = [.. rotaries.Values];
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The embedding's rows.</summary>
    public nint Embedding { get; }

    public nint FinalNorm { get; }

    public LinearPart Head { get; }

    public CudaLayer[] Layers { get; }

    /// <summary>The different rotations.</summary>
    public CudaRotary[] Rotaries { get; }

    /// <summary>Whether the model still is what was read.</summary>
    public bool AreCurrent => ReferenceEquals(model.RotaryEmbedding, positions) && tensors.AreCurrent && model.EmbeddingAdapter is null;

    /// <summary>Why kernels cannot run a model; null where they can.</summary>
    public static string? WhyNot(CausalLanguageModel model)
    {
        DecoderShape shape = model.Shape;
        if (model.DataType is not (ScalarType.BFloat16 or ScalarType.Float16)) return $"the type is {model.DataType}, not BFloat16 or Float16";
        if (!DecodingShape.HeadSizes.Contains(shape.HeadDimension)) return $"heads of {shape.HeadDimension} are none of {string.Join(", ", DecodingShape.HeadSizes)}";
        if (shape.ResidualScale != 1) return "what layers add is scaled";
        if (shape.EmbeddingScale != 1 && !shape.RoundEmbeddingScale) return "embeddings have a factor that is not rounded";
        if (shape.HiddenSize % Alignment != 0 || shape.IntermediateSize % Alignment != 0) return $"sizes of {shape.HiddenSize} and {shape.IntermediateSize} are no multiples of {Alignment}";
        if (model.EmbeddingAdapter is not null) return "an adapter is attached to the embedding";
        foreach (LayerShape layer in shape.Layers.Where(layer => layer.HasPositions).DistinctBy(layer => layer.Type))
        {
            int rotated = 2 * model.Config.RopeOf(layer.Type).Scaling.ComputeFrequencies(model.Config.RopeParametersOf(layer.Type), 1).InverseFrequencies.Length;
            if (rotated % RotatedUnit != 0) return $"{rotated} elements of a head turn, which is no multiple of {RotatedUnit}";
        }

        foreach (Parameter parameter in model.Parameters.All)
        {
            if (parameter.Quantized is { } quantized)
            {
                bool cut = shape.FusedProjections && parameter.Name.EndsWith("gate_up_proj.weight", StringComparison.Ordinal);
                if (WeightOf(quantized) is not { } weight || (cut && weight.Groups != 0)) return $"'{parameter.Name}' is quantised in a way that kernels do not read";
            }
            else if (parameter.Value.dtype != model.DataType)
            {
                return $"'{parameter.Name}' is of type {parameter.Value.dtype} in a model of {model.DataType}";
            }
        }

        foreach (Linear linear in model.Parameters.Linears.Append(model.Head))
        {
            if (linear.Adapter is not null) return $"an adapter is attached to '{linear.Name}'; merge it";
        }

        return model.Embedding.Quantized is not null ? "the embedding is quantised" : null;
    }

    /// <summary>The formats of the linear maps of a model that kernels can run, each once.</summary>
    public static IReadOnlyCollection<LinearFormat> Formats(CausalLanguageModel model) =>
    [
        .. model.Parameters.Linears.Append(model.Head).Select(linear => linear.Weight.Quantized is { } weight ? WeightOf(weight)!.Value.Format : LinearFormat.Plain).Distinct(),
    ];

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (CudaRotary rotary in rotaries.Values) rotary.Dispose();
        tensors.Dispose();
    }

    /// <summary>Elements of 16 bytes.</summary>
    private const int Alignment = 8;

    /// <summary>Rotated elements that the cache's kernel takes at a time.</summary>
    private const int RotatedUnit = 16;

    private CudaLayer Layer(int index)
    {
        DecoderShape shape = model.Shape;
        string attention = DecoderTensors.AttentionPrefix(index), mlp = DecoderTensors.MlpPrefix(index);
        int inner = shape.IntermediateSize;
        LinearPart? fused = shape.FusedProjections ? Part(mlp + "gate_up_proj") : null;
        bool apart = !shape.FusedProjections, normed = shape.QueryKeyNorm != QueryKeyNorm.None;
        return new CudaLayer
        {
            QueryKeyValue = apart ? null : Part(attention + "qkv_proj"),
            Query = apart ? Part(attention + "q_proj") : default,
            Key = apart ? Part(attention + "k_proj") : default,
            Value = apart ? Part(attention + "v_proj") : default,
            Output = Part(attention + "o_proj"),
            Gate = fused is { } gate ? Rows(gate, 0, inner) : Part(mlp + "gate_proj"),
            Up = fused is { } up ? Rows(up, inner, inner) : Part(mlp + "up_proj"),
            Down = Part(mlp + "down_proj"),
            QueryNorm = normed ? tensors.Codes(model.Parameters.Find(attention + "q_norm.weight")) : 0,
            KeyNorm = normed ? tensors.Codes(model.Parameters.Find(attention + "k_norm.weight")) : 0,
            BeforeAttention = Norm(shape.BlockNorms.BeforeAttention),
            AfterAttention = Norm(shape.BlockNorms.AfterAttention),
            BeforeMlp = Norm(shape.BlockNorms.BeforeMlp),
            AfterMlp = Norm(shape.BlockNorms.AfterMlp),
            Rotary = shape.Layers[index].HasPositions ? Rotary(shape.Layers[index].Type) : null,
            Shape = shape.Layers[index],
        };

        nint Norm(string? name) => name is null ? 0 : tensors.Codes(model.Parameters.Find(DecoderTensors.LayerPrefix(index) + name + ".weight"));
    }

    private LinearPart Part(string name) => Part(linears[name]);

    private LinearPart Part(Linear linear)
    {
        tensors.Watch(linear);
        nint codes = tensors.Codes(linear.Weight);
        LinearWeight weight = linear.Weight.Quantized is { } quantized
            ? WeightOf(quantized)!.Value
            : new LinearWeight { Outputs = checked((int)linear.Outputs), Inputs = checked((int)linear.Inputs), Codes = codes };
        return new LinearPart { Weight = weight, Bias = linear.Bias is { } bias ? tensors.Codes(bias) : 0 };
    }

    /// <summary>A quantised weight where it lies; null for one that kernels do not read: columns out of order, rows that end within a block or a byte.</summary>
    private static LinearWeight? WeightOf(QuantizedWeight weight)
    {
        if (weight.Shape[0] == 0 || weight.Shape[1] == 0 || !weight.Codes.is_contiguous()) return null;
        var plain = new LinearWeight { Outputs = checked((int)weight.Shape[0]), Inputs = checked((int)weight.Shape[1]), Codes = weight.Codes.Address() };
        bool whole = plain.Inputs % Nf4Rows.BlockSize == 0;
        return weight switch
        {
            EightBitWeight eight => plain with { Format = LinearFormat.Int8, Scales = eight.Factors.Address() },
            Float8Weight eight => plain with { Format = LinearFormat.Float8, Scales = eight.Factors.Address() },
            Int4Weight { Columns: null } four when plain.Inputs % 2 == 0 =>
                plain with { Format = LinearFormat.Int4, Scales = four.Scales.Address(), Zeros = four.Zeros?.Address() ?? 0, GroupSize = four.GroupSize },
            Nf4Weight four when whole => four.Magnitudes.Describe(plain with { Format = LinearFormat.Nf4 }),
            _ => null,
        };
    }

    /// <summary>Some of a map's outputs.</summary>
    private static LinearPart Rows(in LinearPart whole, int start, int count)
    {
        LinearWeight of = whole.Weight;
        long elements = (long)start * of.Inputs, groups = of.GroupSize > 0 ? (of.Inputs + of.GroupSize - 1) / of.GroupSize : 0;
        LinearWeight rows = of.Format switch
        {
            LinearFormat.Plain => of with { Codes = of.Codes + (nint)(2 * elements) },
            LinearFormat.Int8 or LinearFormat.Float8 => of with { Codes = of.Codes + (nint)elements, Scales = of.Scales + (start * sizeof(float)) },
            LinearFormat.Int4 => of with
            {
                Codes = of.Codes + (nint)(elements / 2), Scales = of.Scales + (nint)(start * groups * sizeof(float)), Zeros = of.Zeros == 0 ? 0 : of.Zeros + (nint)(start * groups),
            },
            // What groups of blocks share is counted through the whole matrix: WhyNot keeps those away.
            _ => of with { Codes = of.Codes + (nint)(elements / 2), Scales = of.Scales + (nint)(elements / Nf4Rows.BlockSize * sizeof(float)) },
        };
        return new LinearPart { Weight = rows with { Outputs = count }, Bias = whole.Bias == 0 ? 0 : whole.Bias + (2 * start) };
    }

    private CudaRotary Rotary(string type)
    {
        RopeSettings settings = model.Config.RopeOf(type);
        if (!rotaries.TryGetValue(settings, out CudaRotary? made))
            rotaries.Add(settings, made = new CudaRotary(context, settings.Scaling, model.Config.RopeParametersOf(type), model.DataType, rotaries.Count));
        return made;
    }
}
