// Shape suffixes: T tokens of a chunk, E hidden size.
using System.Runtime.InteropServices;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Training;
using static TorchSharp.torch;

namespace LongContext.Evaluation;

/// <summary>Log-probabilities of given tokens by a model: chunk by chunk through a cache, the head for some tokens at a time.</summary>
internal sealed class TokenScoring(CausalLanguageModel model, int chunkTokens)
{
    /// <summary>Of the tokens from <paramref name="start"/> on, each given all before it.</summary>
    public IReadOnlyList<float> Score(ReadOnlyMemory<int> tokens, int start, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var scores = new List<float>(tokens.Length - start);
        if (tokens.Length <= chunkTokens)
        {
            using var scope = NewDisposeScope();
            using var noGradient = no_grad();
            using PackedInputs inputs = PackedInputs.Create(PackedBatch.CreatePrompt(tokens.ToArray()), model.Device);
            Add(scores, model.ForwardInTiles(inputs), start - 1, tokens.Span[start..]);
            return scores;
        }

        using KeyValueCache cache = NewCache();
        // The last token is asked for only. Frequencies are those of the whole: chunks must not change the result.
        for (int from = 0; from < tokens.Length - 1; from += chunkTokens)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int size = Math.Min(chunkTokens, tokens.Length - 1 - from), row = Math.Max(0, start - 1 - from);
            using var scope = NewDisposeScope();
            Tensor hidden_TE = model.ForwardCached(tokens.Span.Slice(from, size), cache, tokens.Length);
            if (row < size) Add(scores, hidden_TE, row, tokens.Span.Slice(from + row + 1, size - row));
        }

        return scores;
    }

    /// <summary>Of continuations of one prefix, which is computed once where its keys do not depend on what follows.</summary>
    public IReadOnlyList<IReadOnlyList<float>> Score(
        ReadOnlyMemory<int> prefix, IReadOnlyList<ReadOnlyMemory<int>> continuations, CancellationToken cancellationToken)
    {
        if (continuations.Count == 1 || DependsOnLength) return [.. continuations.Select(Apart)];
        using KeyValueCache cache = NewCache();
        using var outer = NewDisposeScope();
        Tensor? last_1E = null;
        for (int from = 0; from < prefix.Length; from += chunkTokens)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            int size = Math.Min(chunkTokens, prefix.Length - from);
            Tensor hidden_TE = model.ForwardCached(prefix.Span.Slice(from, size), cache);
            if (from + size == prefix.Length) last_1E = hidden_TE.narrow(0, size - 1, 1).MoveToOuterDisposeScope();
        }

        var all = new List<IReadOnlyList<float>>();
        foreach (ReadOnlyMemory<int> continuation in continuations)
        {
            var scores = new List<float>(continuation.Length);
            Add(scores, last_1E!, 0, continuation.Span[..1]);
            for (int from = 0; from < continuation.Length - 1; from += chunkTokens)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                int size = Math.Min(chunkTokens, continuation.Length - 1 - from);
                Tensor hidden_TE = model.ForwardCached(continuation.Span.Slice(from, size), cache);
                Add(scores, hidden_TE, 0, continuation.Span.Slice(from + 1, size));
            }

            cache.Truncate(prefix.Length);
            all.Add(scores);
        }

        return all;

        IReadOnlyList<float> Apart(ReadOnlyMemory<int> continuation) =>
            Score((int[])[.. prefix.Span, .. continuation.Span], prefix.Length, cancellationToken);
    }

    private bool DependsOnLength =>
        model.Config.RopeScaling.DependsOnSequenceLength || model.Shape.Layers.Any(layer => layer.HasPositions && model.Config.RopeOf(layer.Type).Scaling.DependsOnSequenceLength);

    private KeyValueCache NewCache() => new(model.Config.LayerCount);

    /// <summary>Adds the log-probabilities of labels that rows one after the other are asked for.</summary>
    private void Add(List<float> scores, Tensor hidden_TE, int firstRow, ReadOnlySpan<int> labels)
    {
        using var scope = NewDisposeScope();
        int before = scores.Count;
        scores.AddRange(LossHead.Losses(model, hidden_TE, TargetTokens.Of(firstRow, labels, model.Device)));
        foreach (ref float score in CollectionsMarshal.AsSpan(scores)[before..])
        {
            if (float.IsNaN(score))
                throw new InvalidOperationException($"The model's scores are not numbers (NaN): its weights are damaged, or {model.DataType} is too narrow for it.");
            // A token that is certain has a loss of 0, or of rounding below it.
            score = Math.Min(0, -score);
        }
    }
}
