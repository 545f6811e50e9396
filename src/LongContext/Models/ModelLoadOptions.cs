using LongContext.Attention;
using LongContext.Positions;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>How a model is made from a checkpoint.</summary>
public sealed class ModelLoadOptions
{
    /// <summary>Where the weights go. Default null: the CPU.</summary>
    public Device? Device { get; init; }

    /// <summary>Type of all weights in memory: float32, float16, bfloat16 or float64. Default null: the embedding's in the files, for 8-bit floats config.json's or else bfloat16.</summary>
    public ScalarType? DataType { get; init; }

    /// <summary>
    /// Whether the layers' matrices are held in a few bits a value, as QLoRA has them: quantised one by one while they are read, so that
    /// the model never exists whole in <see cref="DataType"/>, and computed anew wherever they are used. Embedding, head and norms stay.
    /// Such a model runs and trains adapters. Default <see cref="WeightQuantization.None"/>.
    /// </summary>
    public WeightQuantization WeightQuantization { get; init; }

    /// <summary>
    /// Whether matrices that the files hold quantised (<c>quantization_config</c>: GPTQ, AWQ, bitsandbytes, compressed-tensors, float8) become
    /// <see cref="DataType"/> while they are read, and can then train. Default false: they stay as they are in the files, run, and train adapters. 8-bit
    /// floats with scales by block, and embedding and head, are dequantised in either case; with a <see cref="WeightQuantization"/> matrices are quantised anew.
    /// </summary>
    public bool DequantizesWeights { get; init; }

    /// <summary>Scaling in place of the one in config.json, for example <c>RopeScaling.Linear(8)</c>. Default null: config.json's.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>
    /// What <c>max_position_embeddings</c> is to say, in tokens. It does not extend a model: that is what <see cref="RopeScaling"/> or
    /// <see cref="CausalLanguageModel.ExtendTo"/> do. Default null: with a <see cref="RopeScaling"/> the window that follows from it
    /// (<see cref="ModelConfigExtensions.WithRopeScaling"/>), otherwise config.json's.
    /// </summary>
    public int? ContextLength { get; init; }

    /// <summary>Self-Extend or dual chunk attention; see <see cref="CausalLanguageModel.PositionRemapping"/>. Default null: none.</summary>
    public PositionRemapping? PositionRemapping { get; init; }

    /// <summary>
    /// Whether weights that the family does not have are left out. Default false: they are an error, since a model without them is not
    /// the one that was trained.
    /// </summary>
    public bool IgnoreUnknownTensors { get; init; }

    /// <summary>Attention implementation. Default null: <see cref="AttentionKernels.Auto"/>.</summary>
    public IAttentionKernel? AttentionKernel { get; init; }

    /// <summary>Ends loading before the next tensor, with <see cref="OperationCanceledException"/> and nothing left in memory, where nobody wants the model any more. Default: none.</summary>
    public CancellationToken CancellationToken { get; init; }

    /// <summary>Told which attention is used and why. Default null: nobody.</summary>
    public ILogger? Logger { get; init; }

    /// <exception cref="ArgumentException">An option cannot be used; the message names all of them.</exception>
    internal void Validate(string parameter)
    {
        var faults = new List<string>();
        if (DataType is { } type && type is not (ScalarType.Float64 or ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16))
            faults.Add($"ModelLoadOptions.DataType is {type}, expected Float32, Float16, BFloat16 or Float64.");
        if (!Enum.IsDefined(WeightQuantization)) faults.Add($"ModelLoadOptions.WeightQuantization is {(int)WeightQuantization}, expected one of the named values.");
        if (faults.Count > 0) throw new ArgumentException(string.Join(" ", faults), parameter);
    }
}
