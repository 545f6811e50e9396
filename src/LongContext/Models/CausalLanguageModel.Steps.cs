// Shape suffixes: T tokens, W wanted rows, E hidden size.
using LongContext.Attention;
using LongContext.Positions;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>Steps of a generation engine, whose cache is not the model's.</summary>
public sealed partial class CausalLanguageModel
{
    /// <summary>The rotary tables in force: another object after the scaling was changed.</summary>
    internal RotaryEmbedding RotaryEmbedding => rotary;

    /// <exception cref="ArgumentException">The model cannot run under the remapping; the message says why.</exception>
    internal void CheckRemapping(PositionRemapping value) => CheckRemapping(Config, value);

    /// <summary>Runs the decoder over the next tokens of some sequences.</summary>
    /// <param name="ids_T">Their ids, one sequence after another.</param>
    /// <param name="borders">Borders of the sequences among them.</param>
    /// <param name="attention">Attention with whatever is kept of earlier tokens.</param>
    /// <param name="wanted_W">The tokens whose hidden states are wanted; null for all.</param>
    /// <param name="cancellationToken">Looked at before each layer.</param>
    /// <returns>Hidden states after the last norm [W, hidden].</returns>
    internal Tensor ForwardStep(Tensor ids_T, ReadOnlyMemory<int> borders, ILayerAttention attention, Tensor? wanted_W, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        using var scope = NewDisposeScope();
        var call = new LayerCall([], null, new AttentionArguments { CumulativeSequenceLengths = borders }, Cache: null) { LayerAttention = attention };
        Tensor x_TE = Embed(ids_T);
        foreach (DecoderLayer layer in layers)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Tensor next_TE = layer.Forward(x_TE, call);
            x_TE.Dispose();
            x_TE = next_TE;
        }

        return norm.Apply(wanted_W is null ? x_TE : x_TE.index_select(0, wanted_W)).MoveToOuterDisposeScope();
    }
}
