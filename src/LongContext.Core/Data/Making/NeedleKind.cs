namespace LongContext.Data.Making;

/// <summary>What keys and values are made of, as RULER has them.</summary>
public enum NeedleKind
{
    /// <summary>Numbers of seven digits.</summary>
    Numbers,

    /// <summary>Two words with a hyphen, an adjective and a noun.</summary>
    Words,

    /// <summary>Random UUIDs, version 4.</summary>
    Uuids,
}
