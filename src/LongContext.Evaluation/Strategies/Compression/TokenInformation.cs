using LongContext.Evaluation.Strategies.Cutting;

namespace LongContext.Evaluation.Strategies.Compression;

/// <summary>How much each token of a text tells, to a model that sees it in windows.</summary>
internal sealed class TokenInformation(ITokenScorer scorer, PerplexityCompressorOptions options)
{
    public long ScoredTokens { get; private set; }

    /// <summary>
    /// The self-information of each token, in nats, or, with a question, how much likelier that makes it; NaN for the first where the scoring model has no token that texts begin with: nothing is
    /// known of it.
    /// </summary>
    public async ValueTask<double[]> OfAsync(int[] ids, string? question, CancellationToken cancellationToken)
    {
        int window = Math.Min(options.WindowTokens, scorer.ContextLength ?? int.MaxValue);
        int[] begin = scorer.BeginningOfSentenceTokenId is { } bos ? [bos] : [];
        // A question of more than a quarter of the window would leave too little for the text.
        int[] asked = question is null ? [] : [.. Bare(question.Trim() + "\n").TakeLast(window / 4)];
        int room = window - begin.Length - asked.Length;
        // Without a token to begin with, the first of a window would have nothing before it; the same history with the question, or the two would not compare.
        int history = Math.Clamp(options.HistoryTokens, begin.Length == 0 ? 1 : 0, Math.Max(1, room / 2));
        if (room < 4) throw new InvalidOperationException($"The scoring model has room for {window} tokens, which is too little to compress with.");
        double[] values = await ScoreAsync(begin, ids, room, history, cancellationToken).ConfigureAwait(false);
        if (question is null)
        {
            for (int i = 0; i < values.Length; i++) values[i] = -values[i];
            return values;
        }

        double[] conditional = await ScoreAsync([.. begin, .. asked], ids, room, history, cancellationToken).ConfigureAwait(false);
        // What a model thinks impossible by itself only gains by the question.
        for (int i = 0; i < values.Length; i++) values[i] = double.IsNegativeInfinity(values[i]) ? double.PositiveInfinity : conditional[i] - values[i];
        return values;
    }

    private IEnumerable<int> Bare(string text) => TokenText.EncodeBare(scorer.Tokenizer, text, out _).Select(token => token.Id);

    /// <summary>The log-probability of each token given the prefix and what stands before it in its window; NaN of the first where it has nothing before it.</summary>
    private async ValueTask<double[]> ScoreAsync(int[] prefix, int[] ids, int room, int history, CancellationToken cancellationToken)
    {
        double[] values = new double[ids.Length];
        for (int next = 0, end; next < ids.Length; next = end)
        {
            int before = Math.Min(next, history);
            end = Math.Min(ids.Length, next + room - before);
            int[] input = [.. prefix, .. ids[(next - before)..end]];
            int start = prefix.Length + before, first = next;
            if (start == 0)
            {
                values[0] = double.NaN;
                (start, first) = (1, 1);
                if (input.Length < 2) continue;
            }

            IReadOnlyList<float> scores = await scorer.LogProbabilitiesAsync(input, start, cancellationToken).ConfigureAwait(false);
            if (scores.Count != input.Length - start)
                throw new InvalidOperationException($"The scoring model gave {scores.Count} values for {input.Length - start} tokens.");
            ScoredTokens += scores.Count;
            for (int i = 0; i < scores.Count; i++)
                values[first + i] = float.IsNaN(scores[i]) ? throw new InvalidOperationException($"The scoring model gave no number for token {first + i} of the context.") : scores[i];
        }

        return values;
    }
}
