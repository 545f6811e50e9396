namespace LongContext.AspNetCore.Protocol;

/// <summary>What a client is told in place of an answer, as OpenAI's servers tell it.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="message">For people.</param>
/// <param name="type">The kind of fault.</param>
/// <param name="code">The fault, for programs; null for none in particular.</param>
/// <param name="parameter">The field that is wrong; null where it is none.</param>
internal sealed class ProtocolException(int status, string message, string type, string? code = null, string? parameter = null) : Exception(message)
{
    private const string Invalid = "invalid_request_error";

    public int Status => status;

    public string Type => type;

    public string? Code => code;

    public string? Parameter => parameter;

    /// <summary>When to come back, where that helps.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    /// <summary>Methods that a path has, where another was used.</summary>
    public string? Allow { get; private init; }

    public static ProtocolException Bad(string message, string? parameter = null, string? code = null) => new(400, message, Invalid, code, parameter);

    public static ProtocolException Unsupported(string message, string parameter) => new(400, message, Invalid, "unsupported_parameter", parameter);

    public static ProtocolException Unauthorized(string message) => new(401, message, Invalid, "invalid_api_key");

    public static ProtocolException Forbidden(string message) => new(403, message, Invalid, "forbidden");

    /// <param name="model">The name that was asked for.</param>
    /// <param name="known">Those that there are, of which the first few are told.</param>
    public static ProtocolException UnknownModel(string model, IEnumerable<string> known) =>
        new(404, $"The model \"{model}\" does not exist, only {string.Join(", ", known.Take(20).Select(each => $"\"{each}\""))}.", Invalid, "model_not_found", "model");

    public static ProtocolException UnknownPath(string method, string path) => new(404, $"There is nothing at {method} {path}.", Invalid, "unknown_url");

    public static ProtocolException WrongMethod(string method, string path, string allow) => new(405, $"{path} has no {method}, only {allow}.", Invalid, "method_not_allowed") { Allow = allow };

    public static ProtocolException TooLarge(long most) => new(413, $"The body is larger than the {most} bytes that may be.", Invalid, "request_too_large");

    public static ProtocolException WrongContentType(string? found) =>
        new(415, $"The Content-Type is {(string.IsNullOrEmpty(found) ? "not given" : $"\"{found}\"")}, expected application/json.", Invalid, "unsupported_media_type");

    public static ProtocolException TooMany(string message, string code, TimeSpan retryAfter) => new(429, message, "rate_limit_error", code) { RetryAfter = retryAfter };

    public static ProtocolException Unavailable(string message, TimeSpan? retryAfter = null) => new(503, message, "server_error", "unavailable") { RetryAfter = retryAfter };

    public static ProtocolException TimedOut(TimeSpan time) => new(504, $"The answer was not there within {time.TotalSeconds:0.#} seconds.", "server_error", "timeout");

    public static ProtocolException Internal() => new(500, "Something went wrong in the server.", "server_error", "internal_error");
}
