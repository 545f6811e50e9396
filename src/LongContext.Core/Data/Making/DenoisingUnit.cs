namespace LongContext.Data.Making;

/// <summary>What a text is denoised by.</summary>
public enum DenoisingUnit
{
    /// <summary>Words, apart at white space, which stays where it was.</summary>
    Words,

    /// <summary>Code points, for languages that are written without spaces.</summary>
    Characters,
}
