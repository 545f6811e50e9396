namespace LongContext.Generation;

/// <summary>How the votes of neighbouring tokens are pooled.</summary>
public enum VotePooling
{
    /// <summary>Their maximum.</summary>
    Maximum,

    /// <summary>Their mean; neighbours beyond the text count as 0.</summary>
    Mean,
}
