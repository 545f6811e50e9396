namespace LongContext.Evaluation.Runs;

/// <summary>Ends answers of clients that do not know stop sequences, or give them as part of the answer.</summary>
internal static class StopSequences
{
    /// <summary>The answer up to the first of the stop sequences, or all of it.</summary>
    /// <param name="answer">What the model said.</param>
    /// <param name="settings">Where a number of tokens is prescribed, a stop sequence within the first so many characters ends nothing: a token has one at least.</param>
    public static string Cut(string answer, AnswerSettings settings)
    {
        int start = Math.Min(answer.Length, settings.MinimumNewTokens);
        int end = answer.Length;
        foreach (string stop in settings.StopSequences)
        {
            if (stop.Length == 0) continue;
            int place = answer.IndexOf(stop, start, StringComparison.Ordinal);
            if (place >= 0) end = Math.Min(end, place);
        }

        return answer[..end];
    }
}
