// Shape suffixes: T tokens, E hidden size, V vocabulary.
using LongContext.Tensors;
using LongContext.Training;
using LongContext.Training.Evaluations;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>The parts that training walks by itself.</summary>
public sealed partial class CausalLanguageModel
{
    /// <summary>The decoder's layers, from the bottom.</summary>
    internal IReadOnlyList<DecoderLayer> Layers => layers;

    /// <summary>The norm between the last layer and the head.</summary>
    internal RmsNorm FinalNorm => norm;

    /// <summary>What trains whose gradient is complete once the head's backward is done.</summary>
    internal IReadOnlyList<Parameter> TrainedByHead => [.. norm.Trained, .. Head.Trained.Where(parameter => parameter != Embedding)];

    /// <summary>What trains whose gradient is complete at the end only: the embedding, a tied head with it.</summary>
    internal IReadOnlyList<Parameter> TrainedByEmbedding => [.. new[] { Embedding, EmbeddingAdapter?.A, EmbeddingAdapter?.B }.OfType<Parameter>().Where(parameter => parameter.Trains)];

    /// <summary>The lowest layer that a gradient must reach; the number of layers where none needs one.</summary>
    internal int LowestTrainedLayer
    {
        get
        {
            if (TrainedByEmbedding.Count > 0) return 0;
            int first = Array.FindIndex(layers, layer => layer.Trained.Count > 0);
            return first < 0 ? layers.Length : first;
        }
    }

    /// <summary>The model is a run's alone until <see cref="EndTraining"/>, which uses its tensors on another thread.</summary>
    /// <exception cref="InvalidOperationException">Another trainer trains it.</exception>
    internal void BeginTraining()
    {
        ThrowIfDisposed();
        if (Interlocked.Exchange(ref training, 1) != 0) throw new InvalidOperationException("Another trainer is training this model: one run at a time.");
    }

    /// <summary>The run's thread is this one: between its steps it may read the weights.</summary>
    internal void TrainOnThisThread() => Volatile.Write(ref trainingThread, Environment.CurrentManagedThreadId);

    internal void EndTraining()
    {
        Volatile.Write(ref trainingThread, 0);
        Volatile.Write(ref training, 0);
    }

    /// <summary>Refuses to free or change what a run uses.</summary>
    internal void ThrowIfTraining(string what)
    {
        if (Volatile.Read(ref training) != 0) throw new InvalidOperationException($"A run is training the model, which cannot be {what} before it ends: cancel the run and await it.");
    }

    /// <summary>
    /// Refuses to read all weights while a run changes them: what came of it would be of several steps. On the run's own thread no step is under way, nor while it waits for an evaluation that the
    /// caller belongs to.
    /// </summary>
    /// <returns>To be disposed when all is read: so long the run does not go on. Null where nothing is held.</returns>
    internal IDisposable? BeginReading(string what)
    {
        if (Volatile.Read(ref training) == 0 || Volatile.Read(ref trainingThread) == Environment.CurrentManagedThreadId) return null;
        return ReadingWindow.TryRead(this) ?? throw new InvalidOperationException(
            $"A run is training the model, which cannot be {what} from another thread meanwhile, since its weights would be of several steps: await the run, do it in a progress that is called on the run's own thread "
            + "(a class with IProgress<TrainingProgress>; Progress<T> posts to another one) or in an evaluation (TrainerOptions.Evaluations), or take a checkpoint (TrainerOptions.CheckpointEverySteps).");
    }

    /// <exception cref="ArgumentException">A token id is outside the vocabulary.</exception>
    internal LayerCall Prepare(PackedInputs inputs)
    {
        ThrowIfDisposed();
        inputs.IdRange.Check(shape.VocabularySize, nameof(inputs));
        return CallOfPack(inputs);
    }

    /// <summary>
    /// As <see cref="Forward"/>, without autograd and in tiles, as a training step goes: what lies between a layer's inputs and outputs is never there for all tokens, and in long packs
    /// for one group of heads at a time. So what can be trained on can be evaluated too.
    /// </summary>
    /// <param name="inputs">The pack.</param>
    /// <returns>Hidden states after the final norm [T, E].</returns>
    /// <exception cref="ArgumentException">A token id is outside the vocabulary.</exception>
    internal Tensor ForwardInTiles(PackedInputs inputs)
    {
        int tile = Tiling.TokensOn(Device);
        long tokens = inputs.InputIds.size(0);
        if (tokens <= tile) return Forward(inputs);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var call = new TiledCall(Prepare(inputs), tokens, tile) { KeyHeadsAtATime = tokens > Tiling.TokensOfAllHeads ? 1 : int.MaxValue };
        Tensor x_TE = EmbedTokens(inputs);
        foreach (DecoderLayer layer in layers)
        {
            Tensor next_TE = layer.ForwardTiled(x_TE, call, Recomputation.Layer, out _);
            x_TE.Dispose();
            x_TE = next_TE;
        }

        foreach (Tile each in call.Tiles)
        {
            using var temporaries = NewDisposeScope();
            each.Of(x_TE).copy_(FinalNorm.Apply(each.Of(x_TE)));
        }

        GC.KeepAlive(inputs);
        GC.KeepAlive(this);
        return x_TE.MoveToOuterDisposeScope();
    }

    /// <summary>The first layer's inputs [T, E], without autograd.</summary>
    internal Tensor EmbedTokens(PackedInputs inputs)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        return Embed(inputs.InputIds).MoveToOuterDisposeScope();
    }

    /// <summary>Adds the gradients of the embedding and of its adapter, from that of the first layer's inputs.</summary>
    internal void BackwardEmbedding(PackedInputs inputs, Tensor gradient_TE)
    {
        if (TrainedByEmbedding.Count == 0) return;
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        gradient_TE = Scaled(gradient_TE);
        EmbeddingAdapter?.Backward(inputs.InputIds, gradient_TE);
        if (!Embedding.Trains) return;
        if (PadRow is { } pad)
        {
            // As in transformers: the pad token's embedding is not learned here (a tied head's share of it is).
            using Tensor pad_1 = tensor(pad).to(Device);
            gradient_TE = gradient_TE.Masked(inputs.InputIds.eq(pad_1).unsqueeze(1), 0);
        }

        Tensor total_VE = Embedding.Allocated();
        total_VE.AddRowsInPlace(inputs.InputIds, gradient_TE.to(total_VE.dtype));
    }
}
