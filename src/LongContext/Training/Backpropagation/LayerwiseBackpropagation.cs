// Shape suffixes: T tokens, E hidden size.
using LongContext.Models;
using LongContext.Packing;
using static TorchSharp.torch;

namespace LongContext.Training.Backpropagation;

/// <summary>
/// Loss and gradients of a pack, layer by layer: the forward keeps layers' inputs and no graph, the head gives the gradient of the hidden
/// states while it computes the loss, and the backward walks the layers from the top with that gradient in one buffer.
/// </summary>
internal sealed class LayerwiseBackpropagation : IDisposable
{
    private readonly CausalLanguageModel model;
    private readonly Func<int, ActivationPolicy> policyOf;
    private readonly ActivationStore store;
    private readonly LossHead head;

    public LayerwiseBackpropagation(CausalLanguageModel model, ActivationPolicy policy, double zLoss = 0)
        : this(model, _ => policy, zLoss)
    {
    }

    /// <param name="model">The model.</param>
    /// <param name="policyOf">The policy for a pack of so many tokens.</param>
    /// <param name="zLoss">ζ of the z-loss.</param>
    public LayerwiseBackpropagation(CausalLanguageModel model, Func<int, ActivationPolicy> policyOf, double zLoss)
    {
        this.model = model;
        this.policyOf = policyOf;
        store = new ActivationStore(model.Layers.Count, model.Device);
        head = new LossHead(model, zLoss);
    }

    /// <summary>Tells which parameters' gradients are complete, as soon as they are; null for nobody. For steps of one pack.</summary>
    public Action<IReadOnlyList<Parameter>>? Completed { get; init; }

    /// <summary>Told Σ weight · CE before the first gradient is complete; false leaves the backward out. Null for always.</summary>
    public Func<double, bool>? GoesOn { get; init; }

    /// <summary>Adds to every trained parameter's gradient that of Σ weight · CE · scale over the pack.</summary>
    /// <param name="pack">The pack.</param>
    /// <param name="scale">1 / the step's normaliser.</param>
    /// <param name="dropoutSeed">Seed of the step's dropout on this pack; null for none.</param>
    /// <param name="cancellationToken">Looked at between layers.</param>
    /// <returns>Σ weight · CE, not scaled.</returns>
    public double Run(PackedBatch pack, double scale, ulong? dropoutSeed = null, CancellationToken cancellationToken = default)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using PackedInputs inputs = PackedInputs.Create(pack, model.Device);
        ActivationPolicy policy = policyOf(pack.TokenCount);
        store.Begin(policy);
        int tile = policy.TileTokens ?? Tiling.TokensOn(model.Device);
        var call = new TiledCall(model.Prepare(inputs), pack.TokenCount, tile)
        {
            KeyHeadsAtATime = policy.KeyValueHeadsAtATime ?? int.MaxValue,
            DropoutSeed = dropoutSeed,
        };
        var kept = new KeptActivations?[model.Layers.Count];
        try
        {
            using Tensor last_TE = Forward(inputs, call, policy.Recompute, kept, cancellationToken);
            if (head.Run(last_TE, pack, scale, dropoutSeed) is not (var loss, { } gradient_TE)) return 0;
            last_TE.Dispose();
            using Tensor held_TE = gradient_TE;
            if (GoesOn?.Invoke(loss) == false) return loss;
            Complete(model.TrainedByHead);
            Backward(call, kept, gradient_TE, cancellationToken);
            model.BackwardEmbedding(inputs, gradient_TE);
            Complete(model.TrainedByEmbedding);
            return loss;
        }
        finally
        {
            store.Clear();
            foreach (KeptActivations? each in kept) each?.Dispose();
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        store.Dispose();
        head.Dispose();
    }

    private Tensor Forward(PackedInputs inputs, TiledCall call, Recomputation recomputation, KeptActivations?[] kept, CancellationToken cancellationToken)
    {
        Tensor x_TE = model.EmbedTokens(inputs);
        for (int i = 0; i < kept.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Tensor next_TE = model.Layers[i].ForwardTiled(x_TE, call, recomputation, out kept[i]);
            store.Put(i, x_TE);
            x_TE = next_TE;
        }

        return x_TE;
    }

    private void Backward(TiledCall call, KeptActivations?[] kept, Tensor gradient_TE, CancellationToken cancellationToken)
    {
        int lowest = model.LowestTrainedLayer;
        for (int end = kept.Length; end > lowest;)
        {
            int start = store.SegmentStart(end - 1);
            var inputs = new Stack<Tensor>();
            try
            {
                inputs.Push(store.Take(start));
                for (int i = start; i < end - 1; i++) inputs.Push(model.Layers[i].ForwardTiled(inputs.Peek(), call, Recomputation.Layer, out _));
                for (int i = end - 1; i >= Math.Max(start, lowest); i--)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    using Tensor x_TE = inputs.Pop();
                    model.Layers[i].Backward(x_TE, gradient_TE, call, kept[i]);
                    kept[i]?.Dispose();
                    Complete(model.Layers[i].Trained);
                }
            }
            finally
            {
                foreach (Tensor left in inputs) left.Dispose();
            }

            end = start;
        }
    }

    private void Complete(IReadOnlyList<Parameter> parameters)
    {
        if (parameters.Count > 0) Completed?.Invoke(parameters);
    }
}
