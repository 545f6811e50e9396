using LongContext.Gguf;
using LongContext.Models;

namespace LongContext.Export;

/// <summary>Which tensors go into the file, and how each is changed on the way.</summary>
internal sealed class GgufTensorPlan
{
    private readonly CausalLanguageModel model;
    private readonly GgufArchitecture architecture;
    private readonly GgufTensorType type;
    private readonly double queryFactor;

    public GgufTensorPlan(CausalLanguageModel model, GgufArchitecture architecture, GgufTensorType type)
    {
        (this.model, this.architecture, this.type) = (model, architecture, type);
        queryFactor = GgufHyperparameters.QueryFactor(architecture, model.Shape);
    }

    /// <summary>All of the model's tensors under llama.cpp's names.</summary>
    /// <param name="written">Told after each tensor.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    public IReadOnlyList<GgufTensorEntry> Entries(Action<string> written, CancellationToken cancellationToken)
    {
        DecoderShape shape = model.Shape;
        var entries = new List<GgufTensorEntry>();
        foreach (Parameter parameter in model.Parameters.All)
            entries.Add(Entry(GgufTensorNames.Of(parameter.Name, shape.BlockNorms), parameter.Name, parameter, written, cancellationToken));
        if (shape.TieWordEmbeddings && architecture.NeedsHead)
            entries.Add(Entry(GgufTensorNames.Head, DecoderTensors.Head, model.Embedding, written, cancellationToken));
        return entries;
    }

    private GgufTensorEntry Entry(string name, string source, Parameter weight, Action<string> written, CancellationToken cancellationToken)
    {
        bool isQuery = source.Contains(".q_proj.", StringComparison.Ordinal), isKey = source.Contains(".k_proj.", StringComparison.Ordinal);
        bool isNorm = source.EndsWith("norm.weight", StringComparison.Ordinal); // layernorm, q_norm and so on
        bool carriesQueryFactor = model.Shape.QueryKeyNorm == QueryKeyNorm.None ? isQuery : source.EndsWith(".q_norm.weight", StringComparison.Ordinal);
        var rows = new GgufRows
        {
            Name = name,
            Weight = weight.Value,
            Quantized = weight.Quantized,
            QuantizedAs = model.DataType,
            Type = TypeOf(weight.Shape),
            InterleavedHead = architecture.PairsNeighbours && (isQuery || isKey) ? model.Shape.HeadDimension : null,
            Offset = isNorm ? model.Shape.Norm.WeightOffset : 0,
            Factor = carriesQueryFactor ? queryFactor : 1,
        };
        return new GgufTensorEntry(name, rows.Type, weight.Shape, stream =>
        {
            rows.WriteTo(stream, cancellationToken);
            written(name);
        });
    }

    /// <summary>Vectors stay in single precision; blocks do not reach over a row's end.</summary>
    private GgufTensorType TypeOf(long[] shape) =>
        shape.Length == 1 ? GgufTensorType.Float32
        : shape[^1] % type.BlockElements() != 0 ? GgufTensorType.Float16
        : type;
}
