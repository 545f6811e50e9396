using LongContext.Models;
using LongContext.Packing;

namespace LongContext.Training.Monitoring;

/// <summary>
/// Floating-point operations that a step of training needs by the model's definition, whatever an implementation computes besides:
/// recomputed activations do not count.
/// </summary>
/// <remarks>
/// Chowdhery et al. 2022 (PaLM, arXiv:2204.02311), appendix B, made exact for packs. Two operations for each weight of a matrix and
/// token forward, two for the gradient of its input and two for its own gradient, which a frozen weight goes without. Attention takes
/// 12 · heads · headDim for each pair of a token and one that it sees: 4 forward, 8 backward. The embedding is a lookup and costs
/// nothing; the head is counted at the positions that have a target, the only ones whose scores the loss asks for. Norms, biases,
/// softmax and activations do not count.
/// </remarks>
public sealed record TrainingFlops
{
    /// <summary>Weights of the layers' matrices that a run changes.</summary>
    public required long TrainedWeights { get; init; }

    /// <summary>Weights of the layers' matrices that stay as they are, as those under an adapter do. Default 0.</summary>
    public long FrozenWeights { get; init; }

    /// <summary>Weights of the head's matrix, V · E, tied or not.</summary>
    public required long HeadWeights { get; init; }

    /// <summary>Whether the head's matrix is changed. Default true.</summary>
    public bool TrainsHead { get; init; } = true;

    /// <summary>Query heads times the size of a head.</summary>
    public required int AttentionWidth { get; init; }

    /// <summary>For each layer the tokens that a token sees at most, itself included; null for all before it.</summary>
    public required IReadOnlyList<int?> AttentionWindows { get; init; }

    /// <summary>Counts a model's weights: trained are those that a run changes, all of them or an adapter's.</summary>
    /// <param name="model">The model.</param>
    public static TrainingFlops Of(CausalLanguageModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Of(model, [.. model.TrainableParameters]);
    }

    /// <summary>Counts a model's weights. Sizes are those of the checkpoint's tensors, in whatever form memory holds them.</summary>
    internal static TrainingFlops Of(CausalLanguageModel model, IReadOnlyList<Parameter> trained)
    {
        DecoderShape shape = model.Shape;
        HashSet<string> names = [.. trained.Select(parameter => parameter.Name)];
        (string Name, long[] Shape)[] known = [.. DecoderTensors.All(shape)];
        Dictionary<string, long[]> matrices = known.Where(tensor => tensor.Shape.Length == 2).ToDictionary(tensor => tensor.Name, tensor => tensor.Shape);
        // What is not of the checkpoint is an adapter's; its matrices are applied to every token too.
        foreach (Parameter parameter in trained.ExceptBy(known.Select(tensor => tensor.Name), parameter => parameter.Name))
        {
            if (parameter.Value.dim() == 2) matrices.Add(parameter.Name, parameter.Value.shape);
        }

        matrices.Remove(DecoderTensors.Embedding);
        matrices.Remove(DecoderTensors.Head);
        return new TrainingFlops
        {
            TrainedWeights = matrices.Where(matrix => names.Contains(matrix.Key)).Sum(matrix => matrix.Value[0] * matrix.Value[1]),
            FrozenWeights = matrices.Where(matrix => !names.Contains(matrix.Key)).Sum(matrix => matrix.Value[0] * matrix.Value[1]),
            HeadWeights = (long)shape.VocabularySize * shape.HiddenSize,
            TrainsHead = names.Contains(shape.TieWordEmbeddings ? DecoderTensors.Embedding : DecoderTensors.Head),
            AttentionWidth = shape.HeadCount * shape.HeadDimension,
            AttentionWindows = [.. shape.Layers.Select(layer => layer.SlidingWindow)],
        };
    }

    /// <summary>Operations of forward and backward over a pack.</summary>
    /// <param name="pack">The pack: its documents' lengths and its targets count.</param>
    public double OfPack(PackedBatch pack)
    {
        ArgumentNullException.ThrowIfNull(pack);
        double matrices = pack.TokenCount * ((6.0 * TrainedWeights) + (4.0 * FrozenWeights));
        double head = (double)pack.TargetCount * HeadWeights * (TrainsHead ? 6 : 4);
        ReadOnlySpan<int> borders = pack.CumulativeSequenceLengths.Span;
        double pairs = 0;
        foreach (IGrouping<int, int?> layers in AttentionWindows.GroupBy(window => window ?? int.MaxValue))
        {
            double ofOneLayer = 0;
            for (int i = 0; i + 1 < borders.Length; i++) ofOneLayer += CausalPairs(borders[i + 1] - borders[i], layers.Key);
            pairs += layers.Count() * ofOneLayer;
        }

        return matrices + head + (12.0 * AttentionWidth * pairs);
    }

    /// <summary>Pairs of a token and one that it sees, itself included: L · (L + 1) / 2, less what lies outside the window.</summary>
    /// <param name="length">Tokens L of the document.</param>
    /// <param name="window">Tokens that one sees at most, itself included; null for all before it.</param>
    /// <exception cref="ArgumentOutOfRangeException">A negative length, or a window below 1.</exception>
    public static double CausalPairs(int length, int? window = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (window is { } given) ArgumentOutOfRangeException.ThrowIfLessThan(given, 1, nameof(window));
        double full = Math.Min(length, window ?? length);
        return (full * (full + 1) / 2) + ((length - full) * full);
    }
}
