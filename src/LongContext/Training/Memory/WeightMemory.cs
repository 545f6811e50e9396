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
        List<(string Name, long[] Shape)> trained = [];
        LoraTargets? targets = request.Adapter is null ? null : new LoraTargets(request.Adapter);
        foreach ((string name, long[] tensor) in DecoderTensors.All(shape))
        {
            bool inner = name is not (DecoderTensors.Embedding or DecoderTensors.Head);
            bool quantized = inner && tensor.Length > 1 && request.WeightQuantization != WeightQuantization.None;
            if (quantized) Dequantized = Math.Max(Dequantized, DequantizedBytes(request, Count(tensor)));
            Weights += quantized ? QuantizedBytes(request.WeightQuantization, tensor) : Count(tensor) * size;
            LargestMatrix = Math.Max(LargestMatrix, Count(tensor) * size);
            if (targets is null) trained.Add((name, tensor));
            else if (targets.IsSaved(name)) trained.Add((name, tensor));
            else if (tensor.Length > 1 && targets.Includes(name[..^".weight".Length], inner)) AddAdapter(name, tensor, targets, request.Adapter!, inner, size, trained);
        }

        bool half = size < 4;
        foreach ((string name, long[] tensor) in trained)
        {
            bool own = targets is not null; // beside the model's: what adds to them in float32, saved modules as they are
            ScalarType type = own && half && !targets!.IsSaved(name) ? ScalarType.Float32 : request.DataType;
            long count = Count(tensor);
            if (own) AdapterWeights += count * type.ElementSize();
            long gradient = count * (type == ScalarType.Float64 ? 8 : 4);
            Gradients += gradient;
            LargestGradient = Math.Max(LargestGradient, gradient);
            OptimizerState += request.Optimizer.StateBytes(tensor, type);
        }

        TrainsAll = targets is null;
        LayerGradients = trained.Where(tensor => tensor.Name.StartsWith(DecoderTensors.LayerPrefix(0), StringComparison.Ordinal)).Sum(tensor => Count(tensor.Shape) * 4);
    }

    /// <summary>The model's weights.</summary>
    public long Weights { get; }

    /// <summary>Weights that an adapter adds, with the copies of modules it saves.</summary>
    public long AdapterWeights { get; }

    public long Gradients { get; }

    public long OptimizerState { get; }

    public long LargestMatrix { get; }

    public long LargestGradient { get; }

    /// <summary>Gradients of one layer.</summary>
    public long LayerGradients { get; }

    public bool TrainsAll { get; }

    /// <summary>A block of rows as magnitudes' norms are made of it (<see cref="LoraLayer.Norms"/>); 0 without magnitudes.</summary>
    public long Widened { get; private set; }

    /// <summary>Outputs of the widest map with a magnitude; 0 where none has one.</summary>
    public long DecomposedOutputs { get; private set; }

    /// <summary>What the largest matrix takes while it is dequantised, one at a time; 0 where none is quantised.</summary>
    public long Dequantized { get; }

    private void AddAdapter(string name, long[] tensor, LoraTargets targets, LoraOptions options, bool inner, long size, List<(string, long[])> trained)
    {
        // The embedding's A is [rank, vocabulary] and its B [hidden, rank]: the same two sizes.
        (int rank, _) = targets.Of(name[..^".weight".Length]);
        trained.Add((name + ".A", [rank, tensor[1]]));
        trained.Add((name + ".B", [tensor[0], rank]));
        if (!options.WeightDecomposed || !inner) return;
        trained.Add((name + ".magnitude", [tensor[0]]));
        Widened = Math.Max(Widened, LoraLayer.RowsAtOnce(tensor[0], tensor[1]) * tensor[1] * Math.Max(4, size));
        DecomposedOutputs = Math.Max(DecomposedOutputs, tensor[0]);
    }

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
