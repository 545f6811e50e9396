using LongContext.Cpu.Linear;
using LongContext.Cpu.Pointwise;
using LongContext.Models;
using LongContext.Positions;
using static TorchSharp.torch;

namespace LongContext.Generation.Running;

/// <summary>A model's weights and rotary settings as kernels read them, all in place but for biases and scales that have to be widened.</summary>
internal sealed class CpuWeights : IDisposable
{
    private readonly CpuTensors tensors;
    private readonly Dictionary<RopeSettings, CpuRotary> rotaries = [];
    private readonly RotaryEmbedding positions;
    private readonly CausalLanguageModel model;
    private readonly Dictionary<string, Linear> linears;

    /// <summary>What a model has now.</summary>
    /// <param name="model">The model.</param>
    /// <param name="roundsInputs">Whether kernels round what they multiply with matrices that have a kernel for it.</param>
    public CpuWeights(CausalLanguageModel model, bool roundsInputs)
    {
        tensors = new CpuTensors(roundsInputs);
        this.model = model;
        positions = model.RotaryEmbedding;
        linears = model.Parameters.Linears.ToDictionary(linear => linear.Name, StringComparer.Ordinal);
        try
        {
            using var scope = NewDisposeScope();
            using var noGradient = no_grad();
            (Embedding, EmbeddingFormat) = tensors.Vector(model.Embedding);
            FinalNorm = Norm(DecoderTensors.FinalNorm);
            Head = new CpuLinear(model.Head, tensors, model.DataType);
            Layers = [.. Enumerable.Range(0, model.Shape.LayerCount).Select(Layer)];
            Rotaries = [.. rotaries.Values];
            tensors.MoveToHugePages();
        }
        catch
        {
            Dispose();
            throw;
        }

        MaximumRank = Layers.SelectMany(layer => new[] { layer.QueryKeyValue ?? layer.Query, layer.Key, layer.Value, layer.Output, layer.GateUp ?? layer.Gate, layer.Up, layer.Down })
            .Append(Head).Max(linear => linear.Rank);
    }

    /// <summary>The embedding's rows.</summary>
    public nint Embedding { get; }

    public WeightFormat EmbeddingFormat { get; }

    public NormWeight FinalNorm { get; }

    public CpuLinear Head { get; }

    public CpuLayer[] Layers { get; }

    /// <summary>The different rotations.</summary>
    public CpuRotary[] Rotaries { get; }

    /// <summary>The largest rank of an adapter's maps.</summary>
    public int MaximumRank { get; }

    /// <summary>Matrices in codes that kernels do not read, which were made plain.</summary>
    public IReadOnlyList<string> MadePlain => tensors.MadePlain;

    /// <summary>How many matrices are multiplied with rounded inputs.</summary>
    public int RoundingMatrices => tensors.RoundingMatrices;

    /// <summary>Whether the model still is what was read.</summary>
    public bool AreCurrent => ReferenceEquals(model.RotaryEmbedding, positions) && tensors.AreCurrent && model.EmbeddingAdapter is null;

    /// <summary>Why kernels cannot run a model; null where they can.</summary>
    public static string? WhyNot(CausalLanguageModel model)
    {
        if (model.Device.type != TorchSharp.DeviceType.CPU) return $"the model lies on {model.Device}";
        if (model.Shape.HeadDimension > Cpu.Attention.CacheLayout.MaximumHeadSize) return $"heads of {model.Shape.HeadDimension} are larger than {Cpu.Attention.CacheLayout.MaximumHeadSize}";
        if (model.EmbeddingAdapter is not null) return "an adapter is attached to the embedding";
        foreach (Parameter parameter in model.Parameters.All)
        {
            if (CpuTensors.WhyNot(parameter) is { } reason) return reason;
        }

        foreach (Linear linear in model.Parameters.Linears.Append(model.Head))
        {
            if (linear.Adapter is { } adapter && CpuLinear.WhyNot(adapter) is { } reason) return reason;
        }

        return null;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (CpuRotary rotary in rotaries.Values) rotary.Dispose();
        tensors.Dispose();
    }

    private CpuLayer Layer(int index)
    {
        DecoderShape shape = model.Shape;
        string attention = DecoderTensors.AttentionPrefix(index), mlp = DecoderTensors.MlpPrefix(index);
        int queries = shape.HeadCount * shape.HeadDimension, keys = shape.KeyValueHeadCount * shape.HeadDimension, inner = shape.IntermediateSize;
        CpuLinear? fused = shape.FusedProjections ? Linear(attention + "qkv_proj") : null, gateUp = shape.FusedProjections ? Linear(mlp + "gate_up_proj") : null;
        return new CpuLayer
        {
            QueryKeyValue = fused,
            Query = fused?.Part(0, queries) ?? Linear(attention + "q_proj"),
            Key = fused?.Part(queries, keys) ?? Linear(attention + "k_proj"),
            Value = fused?.Part(queries + keys, keys) ?? Linear(attention + "v_proj"),
            Output = Linear(attention + "o_proj"),
            GateUp = gateUp,
            Gate = gateUp?.Part(0, inner) ?? Linear(mlp + "gate_proj"),
            Up = gateUp?.Part(inner, inner) ?? Linear(mlp + "up_proj"),
            Down = Linear(mlp + "down_proj"),
            QueryNorm = shape.QueryKeyNorm == QueryKeyNorm.None ? null : Norm(attention + "q_norm.weight"),
            KeyNorm = shape.QueryKeyNorm == QueryKeyNorm.None ? null : Norm(attention + "k_norm.weight"),
            BeforeAttention = BlockNorm(shape.BlockNorms.BeforeAttention),
            AfterAttention = BlockNorm(shape.BlockNorms.AfterAttention),
            BeforeMlp = BlockNorm(shape.BlockNorms.BeforeMlp),
            AfterMlp = BlockNorm(shape.BlockNorms.AfterMlp),
            Rotary = shape.Layers[index].HasPositions ? Rotary(shape.Layers[index].Type) : null,
            Shape = shape.Layers[index],
        };

        NormWeight? BlockNorm(string? name) => name is null ? null : Norm(DecoderTensors.LayerPrefix(index) + name + ".weight");
    }

    private CpuLinear Linear(string name) => new(linears[name], tensors, model.DataType);

    private NormWeight Norm(string name)
    {
        (nint address, WeightFormat format) = tensors.Vector(model.Parameters.Find(name));
        NormShape norm = model.Shape.Norm;
        return new NormWeight { Weights = address, Format = format, Offset = (float)norm.WeightOffset, Epsilon = (float)norm.Epsilon };
    }

    private CpuRotary Rotary(string type)
    {
        RopeSettings settings = model.Config.RopeOf(type);
        if (!rotaries.TryGetValue(settings, out CpuRotary? made)) rotaries.Add(settings, made = new CpuRotary(settings.Scaling, model.Config.RopeParametersOf(type)));
        return made;
    }
}
