using LongContext.Models.Quantization;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>Quantised weights.</summary>
public sealed partial class CausalLanguageModel
{
    /// <summary>
    /// Writes the model as <see cref="Save"/> does, its quantised matrices as codes and scales in a form that other programs read: int4 as GPTQ's or
    /// compressed-tensors', int8 and float8 as compressed-tensors', NF4 as bitsandbytes'. Loaded, it is the same to the bit.
    /// </summary>
    /// <param name="folder">Made if it is not there.</param>
    /// <param name="options">The form; null for all defaults.</param>
    /// <exception cref="InvalidOperationException">There is an adapter that is not merged, nothing is quantised, or a run trains the model on another thread.</exception>
    /// <exception cref="NotSupportedException">The form cannot hold the weights; the message names the first that it cannot.</exception>
    /// <exception cref="ArgumentException">An option cannot be used.</exception>
    /// <exception cref="IOException">Writing failed; what the folder held before is still whole.</exception>
    public void SaveQuantized(string folder, QuantizedSaveOptions? options = null)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        using IDisposable? reading = BeginReading("saved");
        ThrowIfAdapterIsApart();
        options ??= new QuantizedSaveOptions();
        options.Validate(nameof(options));
        QuantizedCheckpointWriter writer = QuantizedCheckpointWriter.For(this, options.Form);
        Write(folder, [.. writer.Entries()], options.MaximumShardBytes, Config.WithField(CheckpointQuantization.Field, writer.Config()));
    }

    /// <summary>The embedding of a pack, as the first layer is given it.</summary>
    internal Tensor Embed(PackedInputs inputs)
    {
        inputs.IdRange.Check(shape.VocabularySize, nameof(inputs));
        using var scope = NewDisposeScope();
        return Embed(inputs.InputIds).MoveToOuterDisposeScope();
    }

    /// <summary>One layer over a pack.</summary>
    internal Tensor RunLayer(int layer, Tensor x_TE, PackedInputs inputs)
    {
        using var scope = NewDisposeScope();
        return layers[layer].Forward(x_TE, CallOfPack(inputs)).MoveToOuterDisposeScope();
    }
}
