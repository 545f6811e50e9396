namespace LongContext.Generation;

/// <summary>Whether a prompt and its answer fit into a model's window and into the memory for its keys and values, with the figures (<see cref="LongContextChatClient.CheckFit(int, Microsoft.Extensions.AI.ChatOptions?)"/>).</summary>
public sealed record GenerationFit
{
    /// <summary>Tokens of the prompt as it is computed: where a request has its prompt cut, those that are left.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Tokens of the answer at most. One that reaches the window's end is cut there; one whose length nobody asked for is cut where memory ends, too.</summary>
    public required int NewTokens { get; init; }

    /// <summary>Tokens of prompt and answer that the window has; null for any number.</summary>
    public int? WindowTokens { get; init; }

    /// <summary>Tokens of prompt and answer that memory holds of one request; null where nothing says so: without an engine.</summary>
    public int? CacheTokens { get; init; }

    /// <summary>Bytes of keys and values that the request needs, at least; 0 without an engine.</summary>
    public long RequiredBytes { get; init; }

    /// <summary>Bytes that keys and values may take, of all requests together; 0 without an engine.</summary>
    public long CapacityBytes { get; init; }

    /// <summary>Whether the window holds the prompt and one token of an answer, if one is asked for.</summary>
    public required bool FitsWindow { get; init; }

    /// <summary>Whether memory holds the prompt and the whole answer, with nobody else there.</summary>
    public required bool FitsCache { get; init; }

    /// <summary>Whether the request fits; else it is refused: by a <see cref="Evaluation.PromptTooLongException"/> where it does not fit into the window, else by a <see cref="CacheCapacityException"/>.</summary>
    public bool Fits => FitsWindow && FitsCache;
}
