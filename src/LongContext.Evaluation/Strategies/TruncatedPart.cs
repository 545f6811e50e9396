namespace LongContext.Evaluation.Strategies;

/// <summary>Which part of a text is given up.</summary>
public enum TruncatedPart
{
    /// <summary>The end: the beginning is kept.</summary>
    End,

    /// <summary>The middle: both ends are kept, half of the tokens each, the odd one at the end.</summary>
    Middle,

    /// <summary>The beginning: the end is kept.</summary>
    Start,
}
