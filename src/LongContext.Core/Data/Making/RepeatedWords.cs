namespace LongContext.Data.Making;

/// <summary>Which words a <see cref="RepetitionMaker"/> asks for.</summary>
public enum RepeatedWords
{
    /// <summary>The last words of the text, as Together's long-context fine-tuning study asks.</summary>
    Last,

    /// <summary>The words after others, which stand once in the text and again in the question.</summary>
    AfterMarker,
}
