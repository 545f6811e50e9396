namespace LongContext.Data.Examples;

/// <summary>
/// One example as text, before the tokenizer: a closed set of forms (<see cref="TextExample"/>, <see cref="PromptExample"/>,
/// <see cref="ChatExample"/>), each of which says what of it the loss counts.
/// </summary>
public abstract record TrainingExample
{
    private protected TrainingExample()
    {
    }

    /// <summary>Where it was read, or null (the default) for one that was made.</summary>
    public RecordOrigin? Origin { get; init; }

    /// <summary>Characters (UTF-16 units) of all its text.</summary>
    public abstract long TextLength { get; }
}
