using LongContext.AspNetCore.Protocol;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using GenerationRequest = LongContext.AspNetCore.Protocol.GenerationRequest;

namespace LongContext.AspNetCore.Serving;

/// <summary>What a client is told about what was thrown.</summary>
internal static class Faults
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <param name="exception">What was thrown.</param>
    /// <param name="limits">The server's options.</param>
    /// <param name="request">What was asked; null where it is not known yet.</param>
    public static ProtocolException Of(Exception exception, OpenAIServerOptions limits, GenerationRequest? request) => exception switch
    {
        ProtocolException known => known,
        PromptTooLongException or CacheCapacityException { IsPermanent: true } => TooLong(exception, request?.Prompt.Field ?? "prompt")!,
        // A page that is missing now may be there later.
        CacheCapacityException => ProtocolException.Unavailable("The model has no memory for more of this request now: try again later.", Soon),
        GenerationQueueFullException => ProtocolException.TooMany(exception.Message, "overloaded", Soon),
        ModelOverloadedException { InnerException: CacheCapacityException } full => ProtocolException.Unavailable("The model has no memory for more of this request now: try again later.", full.RetryAfter),
        ModelOverloadedException overloaded => ProtocolException.TooMany(exception.Message, "overloaded", overloaded.RetryAfter),
        ModelNotReadyException => ProtocolException.Unavailable(exception.Message),
        ObjectDisposedException => ProtocolException.Unavailable("The server stops."),
        NoTokenAllowedException { IsOfGrammar: true } ambiguous => Form(ambiguous, request),
        NoTokenAllowedException => ProtocolException.Bad(exception.Message),
        FunctionSchemaException { FunctionName: { } function } => Unusable(SchemaOf(function, request), exception),
        NotSupportedException or ArgumentException when RequestFaults.IsOfForm(exception) && request?.FormField is { } form => Unusable(form, exception),
        // Any bug may throw the same.
        NotSupportedException or ArgumentException when RequestFaults.IsRefusal(exception) => Refusal(exception, request),
        BadHttpRequestException { StatusCode: 413 } => ProtocolException.TooLarge(limits.MaximumBodyBytes),
        BadHttpRequestException bad => new ProtocolException(bad.StatusCode, bad.Message, "invalid_request_error", "bad_http"),
        // The client's own end is told to nobody, so this is the server's limit of time.
        OperationCanceledException => ProtocolException.TimedOut(limits.RequestTimeout),
        _ => ProtocolException.Internal(),
    };

    /// <summary>A prompt that does not fit, by its field and with the figures; null for another fault.</summary>
    public static ProtocolException? TooLong(Exception exception, string field) => exception switch
    {
        PromptTooLongException { Tokens: { } tokens, MaximumTokens: { } most } => TooLong($"'{field}' has {tokens} tokens, but the model's window has room for {most} of it: shorten it.", field),
        PromptTooLongException => TooLong($"'{field}' is too long: {exception.Message}", field),
        CacheCapacityException { IsPermanent: true } full => TooLong(
            $"'{field}' and its answer have up to {full.RequiredTokens} tokens, but the server's memory holds {full.MaximumTokens} of one request: shorten it, or ask for fewer new ones.", field),
        _ => null,
    };

    /// <summary>What a client says of a request, in the names of its fields.</summary>
    private static ProtocolException Refusal(Exception exception, GenerationRequest? request)
    {
        if (RequestFaults.IsOfTemplate(exception)) return ProtocolException.Bad(exception.Message, request?.Prompt.Field, "chat_template_unknown");
        (string message, string? field) = HttpWords.Of(Message(exception));
        return ProtocolException.Bad(message, field);
    }

    private static ProtocolException Unusable(string field, Exception exception) => ProtocolException.Bad($"'{field}' cannot be used: {Message(exception)}", field);

    private static ProtocolException TooLong(string message, string field) => ProtocolException.Bad(message, field, "context_length_exceeded");

    /// <summary>A form that cannot be followed, by the field that says it: the schema of a function that the answer was calling, or the answer's own.</summary>
    private static ProtocolException Form(NoTokenAllowedException exception, GenerationRequest? request)
    {
        string? field = exception.FunctionName is { } name ? SchemaOf(name, request)
            : request?.Options is { ToolMode: not NoneChatToolMode, Tools.Count: > 0 } && request.FormField is null ? "tools" : request?.FormField;
        return ProtocolException.Bad(field is null ? exception.Message : $"'{field}' cannot be followed: {exception.Message}", field);
    }

    /// <summary>The field of a function's schema.</summary>
    private static string SchemaOf(string function, GenerationRequest? request) =>
        request?.Options is { ToolMode: not NoneChatToolMode, Tools: { } tools } ? tools.OfType<ToolDeclaration>().FirstOrDefault(tool => tool.Name == function)?.SchemaField ?? "tools" : "tools";

    /// <summary>Without the parameter's name that .NET puts behind.</summary>
    public static string Message(Exception exception)
    {
        string message = exception.Message;
        int parameter = exception is ArgumentException { ParamName: not null } ? message.LastIndexOf(" (Parameter '", StringComparison.Ordinal) : -1;
        return parameter > 0 ? message[..parameter] : message;
    }
}
