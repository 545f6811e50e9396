namespace LongContext.Data.Making;

/// <summary>The two ways of writing suffix, prefix, middle that Bavarian et al. 2022 tell apart (section 3.1, appendix D).</summary>
public enum SpmVariant
{
    /// <summary>Suffix token and suffix, prefix token and prefix, middle token and middle.</summary>
    First,

    /// <summary>
    /// Prefix token, suffix token and suffix, middle token, prefix and middle. It shares its beginning with the other order, so that training on
    /// both helps both; StarCoder and Code Llama have this variant.
    /// </summary>
    Second,
}
