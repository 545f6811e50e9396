using LongContext.Packing;

namespace LongContext.Data;

/// <summary>Makes long documents for extending a model: windows of the whole context out of one long text.</summary>
/// <remarks>
/// Each window is one document, so attention reaches from its end back to its start; a border inside a pack would teach nothing
/// about distance.
/// </remarks>
public static class LongDocuments
{
    /// <summary>Cuts a long row of tokens into windows of <paramref name="contextLength"/> tokens, one document each.</summary>
    /// <param name="tokens">The whole text's tokens, at least 2 (1 where a beginning-of-sentence token is added).</param>
    /// <param name="contextLength">Tokens of a window, the beginning-of-sentence token included; at least 2.</param>
    /// <param name="beginningOfSentence">Token to put before each window's text, or null for none.</param>
    /// <param name="offset">
    /// Shifts the borders: the first window ends after this many of the text's tokens (modulo the text tokens of a window; 0, the
    /// default, makes the first window a full one). Another offset in each epoch, for example <c>random.Next(contextLength)</c>,
    /// puts the borders elsewhere.
    /// </param>
    /// <returns>The windows in order. A shorter first or last one is kept if it has at least 2 tokens.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A context below 2 tokens, or a negative offset.</exception>
    /// <exception cref="ArgumentException">Too few tokens for a single window.</exception>
    public static IReadOnlyList<TokenSequence> Cut(
        ReadOnlyMemory<int> tokens, int contextLength, int? beginningOfSentence, int offset = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 2);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        int step = beginningOfSentence is null ? contextLength : contextLength - 1;
        int added = contextLength - step;
        List<TokenSequence> windows = new((tokens.Length / step) + 2);
        int length;
        for (int start = 0; start < tokens.Length; start += length)
        {
            length = Math.Min(start == 0 && offset % step != 0 ? offset % step : step, tokens.Length - start);
            if (length + added < 2) continue;
            ReadOnlyMemory<int> text = tokens.Slice(start, length);
            windows.Add(new TokenSequence(beginningOfSentence is { } first ? (int[])[first, .. text.Span] : text));
        }

        return windows.Count > 0 ? windows
            : throw new ArgumentException(
                $"No window of at least 2 tokens comes of a text of {tokens.Length} tokens (context {contextLength}, offset {offset}, " +
                $"{(added == 0 ? "no" : "with a")} beginning-of-sentence token).",
                nameof(tokens));
    }
}
