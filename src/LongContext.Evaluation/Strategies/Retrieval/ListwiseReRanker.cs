using LongContext.Data.Examples;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Lets a model order passages that it sees side by side, in windows from the end of the list to its beginning.</summary>
/// <remarks>
/// RankGPT's sliding windows (Sun et al. 2023, "Is ChatGPT Good at Search? Investigating Large Language Models as Re-Ranking Agents", section 3.2), with words of
/// our own. An answer that no ranking can be read from leaves its window as it was, and is counted.
/// </remarks>
public sealed class ListwiseReRanker : IChunkReRanker
{
    private readonly EvaluationModel model;
    private readonly ReRankingOptions options;

    /// <summary>A re-ranker.</summary>
    /// <param name="model">Who ranks.</param>
    /// <param name="options">Options, or null for the defaults.</param>
    /// <exception cref="ArgumentException">Options out of range; the message has all of them.</exception>
    public ListwiseReRanker(EvaluationModel model, ReRankingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        this.model = model;
        this.options = options ?? new();
        SettingsFaults.Throw(nameof(ReRankingOptions), this.options.Faults(), nameof(options));
    }

    /// <inheritdoc />
    public string Name => $"listwise {model.Name}";

    /// <inheritdoc />
    public string Identity => FormattableString.Invariant(
        $"listwise {StrategyNames.Quoted(model.Name)} '{model.FindIdentity()}', window {options.WindowSize}, step {options.Step}, passes {options.Passes}, {options.PassageWords} words, {options.MaximumNewTokens} new tokens, prompt {ReRankingPrompts.Version}");

    /// <inheritdoc />
    /// <exception cref="InvalidOperationException">A window's passages do not fit into the ranking model.</exception>
    public async ValueTask<ChunkRanking> ReRankAsync(ChunkQuery query, IReadOnlyList<RankedChunk> candidates, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(candidates);
        RankedChunk[] order = [.. candidates];
        int requests = 0, unreadable = 0;
        for (int pass = 0; pass < options.Passes; pass++)
        {
            for (int end = order.Length; end > 1; end -= options.Step)
            {
                int start = Math.Max(0, end - options.WindowSize);
                RankedChunk[] window = order[start..end];
                string[] passages = [.. window.Select(chunk => ReRankingPrompts.Passage(query.Chunks[chunk.Index], options.PassageWords))];
                string answer = await AskAsync(query, ReRankingPrompts.List(query.Text, passages), cancellationToken).ConfigureAwait(false);
                requests++;
                if (RankingAnswers.Ranking(answer, window.Length) is { } ranking) ranking.Select(place => window[place]).ToArray().CopyTo(order, start);
                else unreadable++;
                if (start == 0) break;
            }
        }

        // The order is all there is to tell: scores fall from 1.
        return new ChunkRanking([.. order.Select((chunk, rank) => chunk with { Score = 1.0 / (rank + 1) })])
        {
            Details = new Dictionary<string, double> { [StrategyDetails.RankingRequests] = requests, [StrategyDetails.UnreadableRankings] = unreadable },
        };
    }

    private async ValueTask<string> AskAsync(ChunkQuery query, EvaluationPrompt prompt, CancellationToken cancellationToken)
    {
        try
        {
            return (await query.Session.AskOtherAsync(model, prompt, ReRankingPrompts.Settings(options), cancellationToken).ConfigureAwait(false)).Text;
        }
        catch (PromptTooLongException exception)
        {
            throw ReRankingPrompts.TooLong(model, $"Show it fewer passages ({nameof(ReRankingOptions.WindowSize)}) or less of them ({nameof(ReRankingOptions.PassageWords)}).", exception);
        }
    }
}
