namespace LongContext.Evaluation.Tasks;

/// <summary>Which words a <see cref="RepetitionTask"/> asks for.</summary>
public enum RepetitionForm
{
    /// <summary>The last words of the text, as Together's long-context fine-tuning study asks.</summary>
    LastWords,

    /// <summary>The words after a marker, which stands once in the text at a chosen depth and again in the question.</summary>
    AfterMarker,
}
