using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Reflection;
using System.Text.Json;
using Polly.Timeout;

namespace LongContext.Evaluation.Runs;

/// <summary>What the exceptions of clients mean: which are worth another try, and how long a server asks to wait.</summary>
/// <remarks>
/// OpenAI's client throws <c>System.ClientModel.ClientResultException</c>, and Azure's clients throw <c>Azure.RequestFailedException</c>: neither type is known here, but both have a
/// property <c>Status</c> and a method <c>GetRawResponse</c> whose headers have <c>TryGetValue</c>. These are looked up once a type; where they are not there, nothing is known.
/// </remarks>
internal static class RequestFaults
{
    private const BindingFlags Public = BindingFlags.Public | BindingFlags.Instance;
    private static readonly string[] StatusNames = ["Status", "StatusCode"];
    private static readonly ConcurrentDictionary<Type, PropertyInfo?> StatusProperties = new();

    /// <summary>How servers say that a prompt is too long; there is no common code.</summary>
    private static readonly string[] TooLong =
    [
        "context_length_exceeded", "maximum context length", "exceeds the context window", // OpenAI and those who follow it, vLLM
        "longer than the maximum model length", "too long to fit into the model", // vLLM
        "longer than the model's context length", // SGLang
        "prompt is too long", "exceed context limit", // Anthropic
        "exceed_context_size_error", "exceeds the available context size", "context size has been exceeded", "exceed context window of", // llama.cpp, llama-cpp-python
        "`inputs` tokens + `max_new_tokens` must be <=", "`inputs` must have less than", // text-generation-inference
        "exceeds the maximum number of tokens allowed", // Gemini
        "input is too long for requested model", // Bedrock
    ];

    public static FaultKind Classify(Exception exception, Func<Exception, bool>? isTransient)
    {
        if (isTransient is not null && isTransient(exception)) return FaultKind.Transient;
        FaultKind kind = Chain(exception).Select(Known).FirstOrDefault(known => known is not null) ?? FaultKind.Model;
        return kind == FaultKind.Transient && isTransient is not null ? FaultKind.Model : kind;
    }

    /// <summary>The HTTP status that an exception tells of, or null.</summary>
    public static int? StatusOf(Exception exception)
    {
        if (exception is HttpRequestException { StatusCode: { } code }) return (int)code;
        PropertyInfo? property = StatusProperties.GetOrAdd(
            exception.GetType(),
            static type => StatusNames.Select(name => type.GetProperty(name, Public))
                .FirstOrDefault(found => found?.PropertyType == typeof(int) || found?.PropertyType == typeof(System.Net.HttpStatusCode)));
        return property?.GetValue(exception) is { } value && Convert.ToInt32(value, CultureInfo.InvariantCulture) is > 0 and var status ? status : null;
    }

    /// <summary>How long the server asks to wait, or null.</summary>
    public static TimeSpan? RetryAfterOf(Exception exception, DateTimeOffset now)
    {
        foreach (Exception each in Chain(exception))
        {
            switch (each.Data["Retry-After"])
            {
                case TimeSpan span: return span;
                case string text when ParseRetryAfter(text, now) is { } parsed: return parsed;
            }

            if (Header(each, "retry-after-ms") is { } exact && double.TryParse(exact, NumberStyles.Float, CultureInfo.InvariantCulture, out double milliseconds)
                && milliseconds is >= 0 and < 1e9)
            {
                return TimeSpan.FromMilliseconds(milliseconds);
            }

            if (Header(each, "Retry-After") is { } header && ParseRetryAfter(header, now) is { } wait) return wait;
        }

        return null;
    }

    /// <summary>Seconds, or a date as HTTP writes it (RFC 9110, 10.2.3).</summary>
    internal static TimeSpan? ParseRetryAfter(string text, DateTimeOffset now)
    {
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)) return seconds < 1e9 ? TimeSpan.FromSeconds(seconds) : null;
        if (!DateTimeOffset.TryParseExact(text.Trim(), "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date)) return null;
        return date > now ? date - now : TimeSpan.Zero;
    }

    private static FaultKind? Known(Exception exception)
    {
        if (exception is PromptTooLongException fault) return fault.IsOfAnother ? FaultKind.Item : FaultKind.TooLong;
        if (exception is FilteredAnswerException) return FaultKind.Item;
        if (StatusOf(exception) is { } status) return OfStatus(status, exception.Message);
        return exception switch
        {
            HttpRequestException or IOException or SocketException or TimeoutException or TimeoutRejectedException or OperationCanceledException => FaultKind.Transient,
            JsonException or IncompleteAnswerException => FaultKind.Transient,
            // Valid JSON of another shape than the client expects: a proxy's page, an error with status 200.
            InvalidOperationException { Source: { } source } when source.StartsWith("System.Text.Json", StringComparison.Ordinal) => FaultKind.Transient,
            InvalidCastException => FaultKind.Transient,
            // What clients run into when an answer lacks what they expect, such as OpenAI's where it has no choices.
            ArgumentOutOfRangeException or IndexOutOfRangeException or NullReferenceException or KeyNotFoundException or FormatException => FaultKind.Transient,
            ArgumentException or NotSupportedException => FaultKind.Item,
            _ => null,
        };
    }

    private static FaultKind OfStatus(int status, string message) => status switch
    {
        429 when Says(message, "insufficient_quota") => FaultKind.Model,
        400 or 413 or 422 or 500 when TooLong.Any(words => Says(message, words)) => FaultKind.TooLong,
        408 or 409 or 425 or 429 or >= 500 => FaultKind.Transient,
        400 or 413 or 414 or 422 => FaultKind.Item,
        >= 300 => FaultKind.Model,
        // The answer came but could not be read.
        _ => FaultKind.Transient,
    };

    private static bool Says(string message, string words) => message.Contains(words, StringComparison.OrdinalIgnoreCase);

    /// <summary>An exception and what is behind it, outermost first.</summary>
    private static IEnumerable<Exception> Chain(Exception exception)
    {
        for (Exception? each = exception; each is not null; each = each.InnerException) yield return each;
    }

    private static string? Header(Exception exception, string name)
    {
        try
        {
            if (exception.GetType().GetMethod("GetRawResponse", Public, [])?.Invoke(exception, null) is not { } response) return null;
            if (response.GetType().GetProperty("Headers", Public)?.GetValue(response) is not { } headers) return null;
            object?[] arguments = [name, null];
            MethodInfo? find = headers.GetType().GetMethod("TryGetValue", Public, [typeof(string), typeof(string).MakeByRefType()]);
            return find?.Invoke(headers, arguments) is true ? arguments[1] as string : null;
        }
        catch (Exception fault) when (fault is TargetInvocationException or AmbiguousMatchException)
        {
            return null;
        }
    }
}
