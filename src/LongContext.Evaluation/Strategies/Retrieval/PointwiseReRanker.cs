using LongContext.Data.Examples;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Lets a model score passages one by one; the order is that of the scores, of equal ones as it was.</summary>
/// <remarks>An answer without a score is counted, and its passage stays at its place: it gets the score of the passage before it.</remarks>
public sealed class PointwiseReRanker : IChunkReRanker
{
    private readonly EvaluationModel model;
    private readonly ReRankingOptions options;

    /// <summary>A re-ranker.</summary>
    /// <param name="model">Who scores. All passages are given to it at once; how many requests run at a time is the run's.</param>
    /// <param name="options">Options, or null for the defaults.</param>
    /// <exception cref="ArgumentException">Options out of range; the message has all of them.</exception>
    public PointwiseReRanker(EvaluationModel model, ReRankingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        this.model = model;
        this.options = options ?? new();
        SettingsFaults.Throw(nameof(ReRankingOptions), this.options.Faults(), nameof(options));
    }

    /// <inheritdoc />
    public string Name => $"pointwise {model.Name}";

    /// <inheritdoc />
    public string Identity => FormattableString.Invariant(
        $"pointwise {StrategyNames.Quoted(model.Name)} '{model.FindIdentity()}', 0 to {options.HighestScore}, {options.PassageWords} words, {options.MaximumNewTokens} new tokens, prompt {ReRankingPrompts.Version}");

    /// <inheritdoc />
    /// <exception cref="InvalidOperationException">A passage does not fit into the scoring model.</exception>
    public async ValueTask<ChunkRanking> ReRankAsync(ChunkQuery query, IReadOnlyList<RankedChunk> candidates, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(candidates);
        double?[] scores = await Task.WhenAll(candidates.Select(chunk => ScoreAsync(query, query.Chunks[chunk.Index], cancellationToken))).ConfigureAwait(false);
        double before = scores.FirstOrDefault(score => score is not null) ?? 0; // an unread first passage is as good as the first that was read
        List<RankedChunk> scored = [];
        for (int i = 0; i < scores.Length; i++)
        {
            before = scores[i] ?? before;
            scored.Add(candidates[i] with { Score = before });
        }

        return new ChunkRanking([.. scored.OrderByDescending(chunk => chunk.Score)])
        {
            Details = new Dictionary<string, double>
            {
                [StrategyDetails.RankingRequests] = scores.Length,
                [StrategyDetails.UnreadableRankings] = scores.Count(score => score is null),
            },
        };
    }

    private async Task<double?> ScoreAsync(ChunkQuery query, TextChunk chunk, CancellationToken cancellationToken)
    {
        EvaluationPrompt prompt = ReRankingPrompts.Point(query.Text, ReRankingPrompts.Passage(chunk, options.PassageWords), options.HighestScore);
        try
        {
            ModelResponse response = await query.Session.AskOtherAsync(model, prompt, ReRankingPrompts.Settings(options), cancellationToken).ConfigureAwait(false);
            return RankingAnswers.Score(response.Text, options.HighestScore);
        }
        catch (PromptTooLongException exception)
        {
            throw ReRankingPrompts.TooLong(model, $"Show it less of a passage ({nameof(ReRankingOptions.PassageWords)}).", exception);
        }
    }
}
