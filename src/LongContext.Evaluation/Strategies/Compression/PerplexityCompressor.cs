using LongContext.Data.Examples;

namespace LongContext.Evaluation.Strategies.Compression;

/// <summary>Drops what a model could have guessed: the units of the text that are the most likely to it.</summary>
/// <remarks>
/// <para>Selective context (Li et al. 2023, "Compressing Context to Enhance Inference Efficiency of Large Language Models"): a unit's value is the mean of its tokens'
/// self-information, −log p of each given those before it, and the units of the highest value are kept, in the order of the text. The paper's phrases need a parser of
/// the language; here units are tokens, words or sentences, and as many are kept as fit the budget, not those above a percentile. Values come from running text, in
/// windows that fit the scoring model, not sentence by sentence.</para>
/// <para>With <see cref="PerplexityCompressorOptions.KnowsQuestion"/> a token's value is log p given the question and the tokens before it, less log p given these
/// alone (Jiang et al. 2023, "LongLLMLingua", equation 3): what belongs to the question counts.</para>
/// <para>Where a unit with the end of a line is dropped, the line end is kept once. Units of the same value go from the end. A unit that does not fit beside the better ones is passed over for
/// those behind it that do; of a context none of whose best units fits, the beginning of the very best is left.</para>
/// </remarks>
public sealed class PerplexityCompressor : IContextCompressor
{
    private readonly string model;
    private readonly ITokenScorer scorer;
    private readonly PerplexityCompressorOptions options;
    private readonly ModelPrice? price;
    private readonly string modelIdentity = "";

    /// <summary>A compressor with a model that can score text.</summary>
    /// <param name="model">The model, as a rule a small one; where it has a price and the options have none, the tokens that it scores cost as those of prompts do.</param>
    /// <param name="options">Options, or null for the defaults.</param>
    /// <exception cref="ArgumentException">The model cannot score text, or options are out of range; the message has all of them.</exception>
    public PerplexityCompressor(EvaluationModel model, PerplexityCompressorOptions? options = null)
        : this(
            model?.Name ?? throw new ArgumentNullException(nameof(model)),
            model.Scorer ?? throw new ArgumentException($"The client of {model.Name} gives out no {nameof(ITokenScorer)}.", nameof(model)),
            options)
    {
        price = model.Price;
        modelIdentity = model.FindIdentity();
    }

    /// <summary>A compressor with anything that scores text.</summary>
    /// <param name="model">What tells the scoring model apart, for the run's identity.</param>
    /// <param name="scorer">Scores text. May be called for several contexts at once.</param>
    /// <param name="options">Options, or null for the defaults.</param>
    /// <exception cref="ArgumentException">No name, or options out of range; the message has all of them.</exception>
    public PerplexityCompressor(string model, ITokenScorer scorer, PerplexityCompressorOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(model);
        ArgumentNullException.ThrowIfNull(scorer);
        this.model = model;
        this.scorer = scorer;
        this.options = options ?? new();
        SettingsFaults.Throw(nameof(PerplexityCompressorOptions), this.options.Faults(), nameof(options));
    }

    /// <summary>Such as "perplexity words gpt2" or "perplexity words gpt2 by question".</summary>
    public string Name => $"perplexity {options.Unit.ToString().ToLowerInvariant()} {model}{(options.KnowsQuestion ? " by question" : "")}";

    /// <inheritdoc />
    public string Identity => $"perplexity 3 {StrategyNames.Quoted(model)} {StrategyNames.Quoted(modelIdentity)}, {options.Identity}";

    /// <inheritdoc />
    /// <exception cref="InvalidOperationException">The scoring model is too small, or gave values that are not log-probabilities.</exception>
    public async ValueTask<CompressedContext> CompressAsync(CompressionRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Context.Length == 0) return new CompressedContext(request.Context);
        ScorableText text = new(scorer.Tokenizer, request.Context);
        TokenInformation information = new(scorer, options);
        double[] values = await information.OfAsync(text.Ids, options.KnowsQuestion ? request.Query : null, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<int> ends = UnitBorders.Of(request.Context, options.Unit, text.Starts);
        double[] units = UnitValues(ends, text.Starts, values);
        int[] best = [.. Enumerable.Range(0, units.Length).OrderByDescending(unit => units[unit])]; // a stable order
        return new CompressedContext(UnitSelection.Choose(request.Context, ends, best, request.Fits))
        {
            Details = new Dictionary<string, double> { [StrategyDetails.ScoredTokens] = information.ScoredTokens },
            Cost = options.PricePerMillionTokens is { } own ? own * information.ScoredTokens / 1_000_000m : price?.Of(information.ScoredTokens, 0),
        };
    }

    /// <summary>The mean over the tokens that a unit has part in, without one that nothing is known of, unless there is no other.</summary>
    private static double[] UnitValues(IReadOnlyList<int> ends, int[] starts, double[] values)
    {
        double[] units = new double[ends.Count];
        for (int unit = 0, token = 0, start = 0; unit < units.Length; start = ends[unit++])
        {
            // Back to the token that the unit begins in.
            while (token > 0 && (token == starts.Length || starts[token] > start)) token--;
            double sum = 0;
            int count = 0;
            bool hasUnknown = false;
            for (; token < starts.Length && starts[token] < ends[unit]; token++)
            {
                if (token + 1 < starts.Length && starts[token + 1] <= start && starts[token] < start) continue;
                if (double.IsNaN(values[token]))
                {
                    hasUnknown = true;
                    continue;
                }

                sum += values[token];
                count++;
            }

            units[unit] = count > 0 ? sum / count : hasUnknown ? double.PositiveInfinity : double.NegativeInfinity;
        }

        return units;
    }
}
