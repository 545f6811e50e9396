namespace LongContext.Evaluation.Tasks.Likelihood;

/// <summary>A window over a document's tokens.</summary>
/// <param name="Begin">The first token of text that the model reads.</param>
/// <param name="Scored">The first token of text that counts.</param>
/// <param name="End">The token after the last one, of what is read and of what counts.</param>
internal readonly record struct PerplexityWindow(int Begin, int Scored, int End)
{
    /// <summary>The windows of a document.</summary>
    /// <param name="tokens">Tokens of the document.</param>
    /// <param name="length">Tokens of text in a window.</param>
    /// <param name="stride">Tokens from one window to the next.</param>
    /// <param name="predictsFirst">Whether something stands before each window, so that its first token can be predicted.</param>
    /// <param name="keepsPartial">Whether the last one may be shorter.</param>
    public static IEnumerable<PerplexityWindow> Over(int tokens, int length, int stride, bool predictsFirst, bool keepsPartial)
    {
        int counted = 0;
        for (long begin = 0; begin < tokens; begin += stride)
        {
            int first = (int)begin, end = (int)Math.Min(begin + length, tokens);
            if (end - first < length && !keepsPartial) yield break;
            int scored = Math.Max(counted, predictsFirst ? first : first + 1);
            if (scored < end) yield return new PerplexityWindow(first, scored, end);
            counted = Math.Max(counted, end);
            if (end == tokens) yield break;
        }
    }
}
