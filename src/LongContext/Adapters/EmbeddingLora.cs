// Shape suffixes: T tokens, V vocabulary, E hidden size, R rank.
using LongContext.Models;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Adapters;

/// <summary>What an adapter adds to the embedding's rows: s·B·A's columns of the tokens, before any factor on the embedding.</summary>
/// <param name="module">The embedding's name.</param>
/// <param name="a_RV">A [rank, vocabulary].</param>
/// <param name="b_ER">B [hidden, rank].</param>
/// <param name="scale">s.</param>
/// <param name="padRow">Token whose column of A does not learn, as in PEFT; null for none.</param>
internal sealed class EmbeddingLora(string module, Parameter a_RV, Parameter b_ER, double scale, long? padRow)
{
    public string Module => module;

    /// <summary>s.</summary>
    public double Scale => scale;

    public Parameter A => a_RV;

    public Parameter B => b_ER;

    /// <summary>[T] → what is to be added to [T, E], connected to autograd where that is on.</summary>
    public Tensor Apply(Tensor ids_T)
    {
        ScalarType type = b_ER.Value.dtype;
        Tensor low_TR = a_RV.Value.index_select(1, ids_T).t();
        if (Learns(ids_T) is { } learns_T1 && is_grad_enabled() && a_RV.Value.requires_grad) low_TR = where(learns_T1, low_TR, low_TR.detach());
        return low_TR.to(type).matmul(b_ER.Value.t()).Times(scale);
    }

    /// <summary>Adds the gradients of A and B, that of what <see cref="Apply"/> returned being given. Without autograd.</summary>
    public void Backward(Tensor ids_T, Tensor gradient_TE)
    {
        Tensor scaled_TE = gradient_TE.to(b_ER.Value.dtype).Times(scale);
        if (b_ER.Trains) b_ER.AddGradientProduct(scaled_TE, a_RV.Value.index_select(1, ids_T).t());
        if (!a_RV.Trains) return;
        Tensor low_TR = scaled_TE.matmul(b_ER.Value);
        if (Learns(ids_T) is { } learns_T1) low_TR = low_TR * learns_T1.to(low_TR.dtype);
        Tensor gradient_RV = a_RV.Allocated();
        gradient_RV.t().AddRowsInPlace(ids_T, low_TR.to(gradient_RV.dtype));
    }

    /// <summary>E + s·(B·A)ᵀ written over <paramref name="target_VE"/>, rounded once.</summary>
    public void Merge(Tensor embedding_VE, Tensor target_VE)
    {
        const long RowsAtOnce = 4096;
        for (long start = 0; start < embedding_VE.size(0); start += RowsAtOnce)
        {
            using var scope = NewDisposeScope();
            long count = Math.Min(RowsAtOnce, embedding_VE.size(0) - start);
            Tensor sum_VE = embedding_VE.narrow(0, start, count).to(b_ER.Value.dtype, copy: true);
            sum_VE.AddInPlace(a_RV.Value.narrow(1, start, count).t().matmul(b_ER.Value.t()), scale);
            target_VE.narrow(0, start, count).copy_(sum_VE);
        }
    }

    private Tensor? Learns(Tensor ids_T)
    {
        if (padRow is not { } pad) return null;
        using Tensor pad_1 = tensor(pad);
        return ids_T.ne(pad_1.to(ids_T.device)).unsqueeze(1);
    }
}
