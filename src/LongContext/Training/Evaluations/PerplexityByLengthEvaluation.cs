using System.Globalization;
using LongContext.Evaluation;
using LongContext.Models;

namespace LongContext.Training.Evaluations;

/// <summary>
/// Perplexity by context length: <c>perplexity@4096</c> for windows of 4,096 tokens. Primary: the mean loss in nats at the longest length.
/// </summary>
/// <param name="tokens">Held-out text, without special tokens; at least as long as the longest window.</param>
/// <param name="options">Lengths and windows.</param>
/// <param name="name">Its name. Default: <c>perplexity_by_length</c>.</param>
public sealed class PerplexityByLengthEvaluation(ReadOnlyMemory<int> tokens, PerplexityByLengthOptions options, string name = "perplexity_by_length") : ITrainingEvaluation
{
    private readonly PerplexityByLengthOptions options = options ?? throw new ArgumentNullException(nameof(options));

    /// <inheritdoc />
    public string Name { get; } = name ?? throw new ArgumentNullException(nameof(name));

    /// <inheritdoc />
    /// <exception cref="ArgumentException">An option cannot be used, or the text is shorter than the longest window.</exception>
    public EvaluationResult Evaluate(CausalLanguageModel model, CancellationToken cancellationToken)
    {
        IReadOnlyList<PerplexityAtLength> results = new PerplexityEvaluator(model).EvaluateByLength(tokens, options, cancellationToken: cancellationToken);
        PerplexityAtLength longest = results.MaxBy(result => result.Length)!;
        return new EvaluationResult
        {
            Values = [.. results.Select(result => KeyValuePair.Create("perplexity@" + result.Length.ToString(CultureInfo.InvariantCulture), result.Sum.Perplexity))],
            Primary = longest.Sum.TotalNats / longest.Sum.TokenCount,
        };
    }
}
