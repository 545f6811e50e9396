namespace LongContext.Evaluation.Runs;

/// <summary>Whose fault it is that a request failed.</summary>
internal enum FaultKind
{
    /// <summary>It may succeed when it is made again.</summary>
    Transient,

    /// <summary>The model or the way to it: others will fail likewise.</summary>
    Model,

    /// <summary>The request's own.</summary>
    Item,

    /// <summary>The server says that the prompt is too long.</summary>
    TooLong,
}
