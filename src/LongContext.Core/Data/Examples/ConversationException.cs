namespace LongContext.Data.Examples;

/// <summary>A conversation is well-formed JSON but none that can be learned from; a map turns it into what its settings ask for.</summary>
internal sealed class ConversationException(string message) : Exception(message);
