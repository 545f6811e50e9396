using LongContext.Adapters;
using LongContext.Kernels;
using LongContext.Models;
using LongContext.Models.Quantization;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Training.Memory;

/// <summary>Bytes of what stays from step to step: weights, what trains of them, the optimizer's state.</summary>
internal sealed class WeightMemory
{
    public WeightMemory(MemoryRequest request, DecoderShape shape)
    {
        long size = request.DataType.ElementSize();
        List<(string Name, long[] Shape, ScalarType Type)> trained = [];
        LoraTargets? targets = request.Adapter is null ? null : new LoraTargets(request.Adapter);
        LoraTie tie = targets is null ? default : LoraTie.Of(request.Adapter!, targets, shape.TieWordEmbeddings);
        bool tied = shape.TieWordEmbeddings && !tie.NeedsOwnHead;
        foreach ((string name, long[] tensor) in DecoderTensors.All(shape with { TieWordEmbeddings = tied }))
        {
            bool inner = name is not (DecoderTensors.Embedding or DecoderTensors.Head);
            bool quantized = inner && tensor.Length > 1 && request.WeightQuantization != WeightQuantization.None;
            if (quantized) Dequantized = Math.Max(Dequantized, DequantizedBytes(request, Count(tensor)));
            Weights += quantized ? QuantizedBytes(request.WeightQuantization, tensor) : Count(tensor) * size;
            if (IsWhole(name)) trained.Add((name, tensor, request.DataType));
            else if (tensor.Length > 1 && targets!.Includes(Module(name), inner)) AddAdapter(name, tensor, targets, request, trained);
        }

        var parts = new Dictionary<string, long>();
        foreach ((string name, long[] tensor, ScalarType type) in trained)
        {
            long count = Count(tensor);
            if (targets is not null) AdapterWeights += count * type.ElementSize();
            long gradient = count * (type == ScalarType.Float64 ? 8 : 4);
            Gradients += gradient;
            parts[PartOf(name)] = parts.GetValueOrDefault(PartOf(name)) + gradient;
            // An embedding's gradient is added row by row, unless it is the head's too; that of other matrices is a product first.
            if (size < 4 && tensor.Length > 1 && (name != DecoderTensors.Embedding || tied)) GradientProduct = Math.Max(GradientProduct, count * size);
            OptimizerState += request.Optimizer.StateBytes(tensor, type);
        }

        // Applied as soon as they are whole, gradients exist for a part at a time; a tied head's are the embedding's, and stay until its own, at the end.
        long embedding = parts.GetValueOrDefault(DecoderTensors.Embedding), others = parts.Where(part => part.Key != DecoderTensors.Embedding).Select(part => part.Value).DefaultIfEmpty().Max();
        GradientsByLayer = tied ? embedding + others : Math.Max(embedding, others);

        // Whether a weight trains as it is: all do without an adapter.
        bool IsWhole(string name) => targets is null || targets.IsSaved(name) || (tie.IsKept && name == DecoderTensors.Embedding) || IsBias(name);

        bool IsBias(string name) => name.EndsWith(".bias", StringComparison.Ordinal) && request.Adapter!.Bias switch
        {
            LoraBias.All => true,
            LoraBias.LoraOnly => targets.Includes(name[..^".bias".Length], isInnerLinear: true),
            _ => false,
        };
    }

    /// <summary>The model's weights, with the head's own that an adapter makes of a tied one.</summary>
    public long Weights { get; }

    /// <summary>Weights that an adapter adds, with the copies of modules it saves.</summary>
    public long AdapterWeights { get; }

    public long Gradients { get; }

    /// <summary>Gradients where each is applied as soon as it is whole.</summary>
    public long GradientsByLayer { get; }

    public long OptimizerState { get; }

    /// <summary>The largest product that is added to a gradient of another type; 0 where they have the same.</summary>
    public long GradientProduct { get; }

    /// <summary>What an adapter's maps in the layers take while they run.</summary>
    public AdapterWork InLayers { get; } = new();

    /// <summary>What an adapter on the head takes while it runs.</summary>
    public AdapterWork InHead { get; } = new();

    /// <summary>What the largest matrix takes while it is dequantised, one at a time; 0 where none is quantised.</summary>
    public long Dequantized { get; }

    private void AddAdapter(string name, long[] tensor, LoraTargets targets, MemoryRequest request, List<(string, long[], ScalarType)> trained)
    {
        LoraOptions options = request.Adapter!;
        // What adds to weights of half types is in float32; modules that are saved are as the model's.
        ScalarType type = request.DataType == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        // The embedding's A is [rank, vocabulary] and its B [hidden, rank]: the same two sizes.
        (int rank, _) = targets.Of(Module(name));
        trained.Add((name + ".A", [rank, tensor[1]], type));
        trained.Add((name + ".B", [tensor[0], rank], type));
        if (name == DecoderTensors.Embedding) return;
        if (options.WeightDecomposed) trained.Add((name + ".magnitude", [tensor[0]], type));
        if (options.OutputBias) trained.Add((name + ".B.bias", [tensor[0]], type));
        (name == DecoderTensors.Head ? InHead : InLayers).Add(options, outputs: tensor[0], inputs: tensor[1], request.DataType.ElementSize());
    }

    private static string Module(string weight) => weight[..^".weight".Length];

    /// <summary>What completes its gradients together: a layer, the head with the norm before it, the embedding.</summary>
    private static string PartOf(string name) =>
        name.StartsWith(DecoderTensors.Embedding, StringComparison.Ordinal) ? DecoderTensors.Embedding
        : name.StartsWith(DecoderTensors.Layers, StringComparison.Ordinal) ? name[..name.IndexOf('.', DecoderTensors.Layers.Length)]
        : DecoderTensors.Head;

    /// <summary>Codes and scales: 4 bits a value and a scale for 64 of them, of 4 bytes or, quantised again, of 1; or 8 bits and a scale for a row.</summary>
    private static long QuantizedBytes(WeightQuantization format, long[] tensor)
    {
        if (format is WeightQuantization.EightBit or WeightQuantization.Float8) return Count(tensor) + (tensor[0] * 4);
        if (format == WeightQuantization.FourBit) return (tensor[0] * Nf4Rows.BytesOf(tensor[1])) + (tensor[0] * ((tensor[1] + 127) / 128) * 4);
        long blocks = tensor[0] * Nf4Rows.BlocksOf(tensor[1]), codes = tensor[0] * Nf4Rows.BytesOf(tensor[1]);
        return format == WeightQuantization.Nf4 ? codes + (blocks * 4) : codes + blocks + (blocks / 256 * 4);
    }

    /// <summary>The values in the hidden states' type. Where no kernel reads the codes, so many at a time are made from tensors: 4 bytes for a number from 8 bits, codes and values of others.</summary>
    private static long DequantizedBytes(MemoryRequest request, long count)
    {
        const long AtOnce = 8 << 20;
        bool eightBit = request.WeightQuantization == WeightQuantization.EightBit, nf4 = request.WeightQuantization is WeightQuantization.Nf4 or WeightQuantization.Nf4DoubleQuantized;
        bool byKernel = request.OnGpu ? (eightBit || nf4) && FusedKernels.RunOnGpus(request.DataType) : !eightBit;
        return (count * request.DataType.ElementSize()) + (byKernel ? 0 : Math.Min(count, AtOnce) * (eightBit ? 4 : 8));
    }

    private static long Count(long[] tensor) => tensor.Aggregate(1L, (count, size) => count * size);
}
