using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Adapters;

/// <summary>Onto a model and off it, into its weights and out of them.</summary>
public sealed partial class LoraAdapter
{
    /// <summary>Weights as they were before the adapter was added in.</summary>
    private readonly List<(Parameter Parameter, Tensor Original)> originals = [];

    /// <summary>Adds the adapter into the weights; what was there is kept, so that <see cref="Unmerge"/> brings back every bit.</summary>
    /// <exception cref="InvalidOperationException">It is merged already, a weight is quantised, B's bias has no bias to go into, or a run trains the model.</exception>
    internal void Merge()
    {
        model!.ThrowIfTraining("merged with its adapter");
        if (IsMerged) throw new InvalidOperationException("The adapter is merged already.");
        if (layers.FirstOrDefault(pair => pair.Linear.Weight.Quantized is not null).Linear is { } quantized)
        {
            throw new InvalidOperationException(
                $"'{quantized.Name}' is quantised, and would have to be quantised again with the adapter in it, which loses of both. "
                + "Save the adapter, load the model without WeightQuantization, load the adapter onto it and merge there.");
        }

        if (layers.FirstOrDefault(pair => pair.Layer.Bias is not null && pair.Linear.Bias is null).Linear is { } biasless)
            throw new InvalidOperationException($"The adapter's B has a bias (OutputBias), but '{biasless.Name}' has none that it could be added to.");

        try
        {
            AddIn();
            IsMerged = true;
        }
        catch
        {
            // Out of memory half way: nothing of it stays.
            TakeOut();
            throw;
        }
    }

    /// <summary>Takes the adapter out of the weights again.</summary>
    /// <exception cref="InvalidOperationException">It is not merged, or a run trains the model.</exception>
    internal void Unmerge()
    {
        model!.ThrowIfTraining("parted from its adapter");
        if (!IsMerged) throw new InvalidOperationException("The adapter is not merged.");
        TakeOut();
        IsMerged = false;
    }

    /// <summary>Merges for good: the base's own weights are freed, and the adapter with them.</summary>
    internal void MergeForGood()
    {
        model!.ThrowIfTraining("parted from its adapter");
        if (!IsMerged) Merge();
        foreach ((Parameter _, Tensor original) in originals) original.Dispose();
        originals.Clear();
        foreach (SavedWeight weight in saved)
        {
            weight.Target.Trains = false;
            weight.Target.ReleaseGradient();
            weight.Spare.Dispose();
        }

        model.Release(this);
        model = null;
        disposed = true;
        FreeOwn();
    }

    private void Attach(CausalLanguageModel to, IEnumerable<(LoraTensor Tensor, Tensor Own)> savedWeights)
    {
        if (plan.NeedsOwnHead) to.UntieHead();
        foreach (Parameter parameter in to.Parameters.All) parameter.Trains = false;
        foreach ((LoraTensor tensor, Tensor own) in savedWeights)
        {
            var weight = new SavedWeight(tensor.Name, to.Parameters.Find(tensor.Weight!), own);
            weight.Swap();
            saved.Add(weight);
        }

        foreach ((Linear linear, LoraLayer layer) in layers)
        {
            linear.Adapter = layer;
            foreach (Parameter parameter in layer.Parameters) parameter.Trains = true;
        }

        if (embedding is not null) embedding.A.Trains = embedding.B.Trains = true;
        to.EmbeddingAdapter = embedding;
        to.Hold(this);
        model = to;
    }

    private void Detach()
    {
        if (model is null) return;
        if (IsMerged) Unmerge();
        foreach ((Linear linear, LoraLayer _) in layers) linear.Adapter = null;
        foreach (SavedWeight weight in saved) weight.Swap();
        model.EmbeddingAdapter = null;
        if (plan.NeedsOwnHead) model.TieHead();
        model.Release(this);
        model = null;
    }

    private void AddIn()
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        foreach ((Linear linear, LoraLayer layer) in layers)
        {
            Tensor merged = empty_like(linear.Weight.Value);
            layer.Merge(linear, merged);
            Replace(linear.Weight, merged);
            if (layer.Bias is { } bias) Replace(linear.Bias!, layer.MergeBias(linear.Bias!.Value, bias.Value));
            linear.Adapter = null;
        }

        if (embedding is not null)
        {
            Tensor merged = empty_like(model!.Embedding.Value);
            embedding.Merge(model.Embedding.Value, merged);
            Replace(model.Embedding, merged);
            model.EmbeddingAdapter = null;
        }
    }

    private void TakeOut()
    {
        for (int i = originals.Count - 1; i >= 0; i--) originals[i].Parameter.Exchange(originals[i].Original).Dispose();
        originals.Clear();
        foreach ((Linear linear, LoraLayer layer) in layers) linear.Adapter = layer;
        model!.EmbeddingAdapter = embedding;
    }

    private void Replace(Parameter parameter, Tensor value) => originals.Add((parameter, parameter.Exchange(value)));
}
