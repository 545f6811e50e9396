namespace LongContext.Data;

/// <summary>What the weights of a mixture are shares of.</summary>
public enum MixtureShares
{
    /// <summary>
    /// Of the tokens given, exactly: the next item comes from the source that lags behind its share most (of equals the first).
    /// </summary>
    Tokens,

    /// <summary>Of the items given, exactly, in the same way.</summary>
    Items,

    /// <summary>
    /// Of the draws: each item is drawn at random by weight. The shares of the items are met in the long run; those of the tokens are
    /// others wherever the sources' items differ in length.
    /// </summary>
    Draws,
}
