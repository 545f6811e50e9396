namespace LongContext.Evaluation.Runs;

/// <summary>An answer that a content filter held back: there is nothing to score, and asking again at once gives the same.</summary>
internal sealed class FilteredAnswerException(ModelResponse response) : Exception("The answer was held back by the server's content filter (finish reason \"content_filter\").")
{
    /// <summary>What the server sent and counted, which is paid for.</summary>
    public ModelResponse Response => response;
}
