using LongContext.Evaluation;
using LongContext.Models;
using LongContext.Packing;

namespace LongContext.Training.Evaluations;

/// <summary>
/// Mean loss by position in held-out documents: <c>loss@1024-2047</c> for tokens that have 1,024 to 2,047 tokens of context, and
/// <c>loss</c> over all. Where the figures stop falling from range to range, the model stops using its context. Primary: the loss over all.
/// </summary>
/// <param name="packs">Held-out documents, best all of the full length.</param>
/// <param name="boundaries">Positions at which ranges begin; null (the default) for 1 and the powers of two from 64 on.</param>
/// <param name="name">Its name. Default: <c>loss_by_position</c>.</param>
public sealed class LossByPositionEvaluation(IReadOnlyList<PackedBatch> packs, IReadOnlyList<int>? boundaries = null, string name = "loss_by_position") : ITrainingEvaluation
{
    private readonly IReadOnlyList<PackedBatch> packs = packs ?? throw new ArgumentNullException(nameof(packs));

    /// <inheritdoc />
    public string Name { get; } = name ?? throw new ArgumentNullException(nameof(name));

    /// <inheritdoc />
    /// <exception cref="ArgumentException">The boundaries do not ascend from 1 or more.</exception>
    public EvaluationResult Evaluate(CausalLanguageModel model, CancellationToken cancellationToken)
    {
        IReadOnlyList<LossAtPositions> ranges = new PerplexityEvaluator(model).EvaluateByPosition(packs, boundaries, cancellationToken);
        double nats = ranges.Sum(range => range.Sum.TotalNats);
        long tokens = ranges.Sum(range => range.Sum.TokenCount);
        double mean = tokens == 0 ? double.NaN : nats / tokens;
        return new EvaluationResult
        {
            Values =
            [
                KeyValuePair.Create("loss", mean),
                .. ranges.Where(range => range.Sum.TokenCount > 0).Select(range => KeyValuePair.Create(FormattableString.Invariant($"loss@{range.From}-{range.To - 1}"), range.MeanLoss)),
            ],
            Primary = tokens == 0 ? null : mean,
        };
    }
}
