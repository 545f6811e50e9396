using System.Globalization;
using System.Text;
using LongContext.Data.Examples;
using LongContext.Evaluation.Strategies.Retrieval;

namespace LongContext.Evaluation.Strategies;

/// <summary>Gives the model the passages of the context that fit the question in place of the whole.</summary>
/// <remarks>
/// <para>The question is <see cref="EvaluationPrompt.Query"/>, else what stands after the context. Only the context is replaced: the prompt says nothing of passages,
/// so that strategies differ in the text alone. A prompt without a context is passed on as it is.</para>
/// <para>Of the ranking the longest beginning is taken that fits the budget; where not even the best passage fits, as much of its beginning as does. A context that would
/// fit as a whole is searched all the same: with fewer passages than it has, part of it goes.</para>
/// </remarks>
public sealed class RetrievalStrategy : IContextStrategy
{
    private readonly IChunkRetriever retriever;
    private readonly RetrievalOptions options;

    /// <summary>A strategy.</summary>
    /// <param name="retriever">What finds passages: by words, by meaning, both, with or without another model that ranks what was found.</param>
    /// <param name="options">Options, or null for the defaults.</param>
    /// <exception cref="ArgumentException">Options out of range; the message has all of them.</exception>
    public RetrievalStrategy(IChunkRetriever retriever, RetrievalOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(retriever);
        this.retriever = retriever;
        this.options = options ?? new();
        SettingsFaults.Throw(nameof(RetrievalOptions), this.options.Faults(), nameof(options));
    }

    /// <summary>Such as "retrieval bm25 k=20 chunk=1000"; what is not as usual is added to it.</summary>
    public string Name
    {
        get
        {
            string order = options.Order switch { PassageOrder.Rank => " by rank", PassageOrder.ReversedRank => " by reversed rank", _ => "" };
            return FormattableString.Invariant(
                $"retrieval {retriever.Name} k={options.Count} chunk={options.Chunking.Short}{order}{(options.Label is null ? "" : " labelled")}{StrategyNames.Suffix(options.Budget)}");
        }
    }

    /// <inheritdoc />
    public string Identity => $"retrieval {options.Identity}, {retriever.Identity}";

    /// <inheritdoc />
    /// <exception cref="PromptTooLongException">Not even the question alone fits.</exception>
    /// <exception cref="InvalidOperationException">The retriever gave a passage that there is not, or one twice.</exception>
    public async ValueTask<PreparedPrompt> PrepareAsync(EvaluationPrompt prompt, StrategyContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(context);
        cancellationToken.ThrowIfCancellationRequested();
        if (prompt.Context.Length == 0) return new PreparedPrompt(prompt);
        ContextRoom room = new(prompt, context, options.Budget);
        List<TextChunk> chunks = TextChunker.Split(prompt.Context, options.Chunking, room.Tokenizer);
        ChunkRanking ranking = await retriever.RankAsync(
            new ChunkQuery { Text = prompt.Query ?? prompt.After, Chunks = chunks, Count = Math.Min(options.Count, chunks.Count), Session = context.Session },
            cancellationToken).ConfigureAwait(false);
        TextChunk[] found = [.. ranking.Chunks.Take(options.Count).Select(ranked => Of(chunks, ranked.Index))];
        if (found.Distinct().Count() < found.Length) throw new InvalidOperationException($"The retriever {retriever.Name} gave a passage twice.");

        // More passages have more tokens, so how many fit is found by halving.
        int fits = 0;
        string text = string.Empty;
        for (int tooMany = found.Length + 1, tried = found.Length; tooMany - fits > 1; tried = (fits + tooMany) / 2)
        {
            string joined = Join(found.AsSpan(0, tried));
            if (room.Fits(joined)) (fits, text) = (tried, joined);
            else tooMany = tried;
        }

        if (fits == 0 && found.Length > 0)
        {
            text = room.Cut(Join(found.AsSpan(0, 1)), TruncatedPart.End);
            fits = text.Length > 0 ? 1 : 0;
        }

        return room.With(text, [.. ranking.Details, new(StrategyDetails.Passages, fits), new(StrategyDetails.Chunks, chunks.Count)], ranking.Cost);
    }

    private TextChunk Of(List<TextChunk> chunks, int index) =>
        index >= 0 && index < chunks.Count
            ? chunks[index]
            : throw new InvalidOperationException($"The retriever {retriever.Name} gave passage {index}, expected 0 to {chunks.Count - 1}.");

    private string Join(ReadOnlySpan<TextChunk> found)
    {
        TextChunk[] ordered = found.ToArray();
        if (options.Order == PassageOrder.Position) Array.Sort(ordered, (a, b) => a.Index.CompareTo(b.Index));
        if (options.Order == PassageOrder.ReversedRank) Array.Reverse(ordered);
        StringBuilder text = new();
        for (int i = 0; i < ordered.Length; i++)
        {
            TextChunk chunk = ordered[i];
            int shared = i > 0 && options.Label is null && options.Order == PassageOrder.Position ? ordered[i - 1].End - chunk.Start : -1;
            if (shared >= 0)
            {
                text.Append(chunk.Text.AsSpan(Math.Min(shared, chunk.Text.Length)));
                continue;
            }

            if (i > 0) text.Append(options.Separator);
            if (options.Label is { } label) text.Append(label.Replace("{number}", (i + 1).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
            text.Append(chunk.Text);
        }

        return text.ToString();
    }
}
