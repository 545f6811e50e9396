using LongContext.Evaluation.Reports;

namespace LongContext.Evaluation.Runs;

/// <summary>What reports say of an exception.</summary>
internal static class FaultText
{
    /// <summary>Its type, its message and that of the one behind it, on one line.</summary>
    public static string Of(Exception exception)
    {
        string message = MessageOf(exception);
        if (exception.InnerException is { } inner && !message.Contains(MessageOf(inner), StringComparison.Ordinal)) message = $"{message} ({MessageOf(inner)})";
        return $"{exception.GetType().Name}: {ReportText.WithoutControls(message.ReplaceLineEndings(" "))}";
    }

    /// <summary>Its message, without the name of a parameter that means nothing to who reads a report.</summary>
    public static string MessageOf(Exception exception)
    {
        if (exception is not ArgumentException { ParamName: { Length: > 0 } parameter }) return exception.Message;
        // The framework puts it behind the message, and the value behind that in a line of its own.
        int at = exception.Message.IndexOf($" (Parameter '{parameter}')", StringComparison.Ordinal);
        return at > 0 ? exception.Message[..at] : exception.Message;
    }
}
