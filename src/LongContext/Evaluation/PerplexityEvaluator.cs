using LongContext.Evaluation.Metrics;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Training;
using static TorchSharp.torch;

namespace LongContext.Evaluation;

/// <summary>Perplexity of a model on packs.</summary>
/// <param name="model">The model; stays the caller's.</param>
public sealed class PerplexityEvaluator(CausalLanguageModel model)
{
    private readonly CausalLanguageModel model = model ?? throw new ArgumentNullException(nameof(model));

    /// <summary>Cross-entropy of every target token of a pack, in nats, in the pack's order.</summary>
    /// <param name="pack">The pack; its loss mask decides which tokens count, its weights do not matter.</param>
    /// <exception cref="ArgumentNullException"><paramref name="pack"/> is null.</exception>
    public IReadOnlyList<float> TokenLosses(PackedBatch pack)
    {
        ArgumentNullException.ThrowIfNull(pack);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using PackedInputs inputs = PackedInputs.Create(pack, model.Device);
        var losses = new List<float>(pack.TargetCount);
        LossHead.Evaluate(model, model.Forward(inputs), pack, losses);
        return losses;
    }

    /// <summary>Adds up the losses of all target tokens of the packs.</summary>
    /// <param name="packs">The packs.</param>
    /// <param name="byteCount">Bytes of UTF-8 that the target tokens stand for, for perplexity per byte; 0 when it is not asked for.</param>
    /// <param name="cancellationToken">Checked before each pack.</param>
    /// <returns>Sums and perplexities, per token and per byte.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public PerplexityAccumulator Evaluate(IEnumerable<PackedBatch> packs, long byteCount = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(packs);
        var perplexity = new PerplexityAccumulator();
        foreach (PackedBatch pack in packs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (float loss in TokenLosses(pack)) perplexity.Add(loss, tokenCount: 1);
        }

        perplexity.Add(0, tokenCount: 0, byteCount);
        return perplexity;
    }
}
