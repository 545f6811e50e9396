using LongContext.AspNetCore.Protocol;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Hosting;
using Microsoft.AspNetCore.Http;

namespace LongContext.AspNetCore.Serving;

/// <summary>What a client is told about what was thrown.</summary>
internal static class Faults
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <param name="exception">What was thrown.</param>
    /// <param name="limits">The server's options.</param>
    /// <param name="promptField">The field that holds the text; null where it is not known yet.</param>
    public static ProtocolException Of(Exception exception, OpenAIServerOptions limits, string? promptField) => exception switch
    {
        ProtocolException known => known,
        PromptTooLongException => ProtocolException.Bad(exception.Message, promptField, "context_length_exceeded"),
        CacheCapacityException { RequiredTokens: > 0 } => ProtocolException.Bad(exception.Message, promptField, "context_length_exceeded"),
        // A page that is missing now may be there later.
        CacheCapacityException => ProtocolException.Unavailable("The model has no memory for more of this request now: try again later.", Soon),
        GenerationQueueFullException => ProtocolException.TooMany(exception.Message, "overloaded", Soon),
        ModelOverloadedException { InnerException: CacheCapacityException } full => ProtocolException.Unavailable("The model has no memory for more of this request now: try again later.", full.RetryAfter),
        ModelOverloadedException overloaded => ProtocolException.TooMany(exception.Message, "overloaded", overloaded.RetryAfter),
        ModelNotReadyException => ProtocolException.Unavailable(exception.Message),
        ObjectDisposedException => ProtocolException.Unavailable("The server stops."),
        NotSupportedException or ArgumentException or NoTokenAllowedException => ProtocolException.Bad(Message(exception)),
        BadHttpRequestException { StatusCode: 413 } => ProtocolException.TooLarge(limits.MaximumBodyBytes),
        BadHttpRequestException bad => new ProtocolException(bad.StatusCode, bad.Message, "invalid_request_error", "bad_http"),
        // The client's own end is told to nobody, so this is the server's limit of time.
        OperationCanceledException => ProtocolException.TimedOut(limits.RequestTimeout),
        _ => ProtocolException.Internal(),
    };

    /// <summary>Without the parameter's name that .NET puts behind.</summary>
    public static string Message(Exception exception)
    {
        string message = exception.Message;
        int parameter = exception is ArgumentException { ParamName: not null } ? message.LastIndexOf(" (Parameter '", StringComparison.Ordinal) : -1;
        return parameter > 0 ? message[..parameter] : message;
    }
}
