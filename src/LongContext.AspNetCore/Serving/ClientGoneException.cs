namespace LongContext.AspNetCore.Serving;

/// <summary>Nobody reads the answer any more, or too slowly. The server may see that before the request's own token is cancelled.</summary>
internal sealed class ClientGoneException(string message) : OperationCanceledException(message);
