namespace LongContext.Evaluation.Runs;

/// <summary>Ends answers of clients that do not know stop sequences, or give them as part of the answer.</summary>
internal static class StopSequences
{
    /// <summary>The answer up to the first of the stop sequences, or all of it.</summary>
    /// <param name="answer">What the model said.</param>
    /// <param name="settings">
    /// Where a number of tokens is prescribed, a stop sequence within the first so many characters ends nothing (a token has one at least), and none of those that an answer begins with.
    /// </param>
    public static string Cut(string answer, AnswerSettings settings)
    {
        int start = Math.Min(answer.Length, settings.MinimumNewTokens), from = 0;
        // A model that is kept from beginning with one cannot say several either; one that is not goes on behind them.
        for (bool found = settings.MinimumNewTokens > 0; found;)
        {
            string? leading = settings.StopSequences.FirstOrDefault(stop => stop.Length > 0 && answer.AsSpan(from).StartsWith(stop, StringComparison.Ordinal));
            found = leading is not null;
            from += leading?.Length ?? 0;
        }

        start = Math.Max(start, from);
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
