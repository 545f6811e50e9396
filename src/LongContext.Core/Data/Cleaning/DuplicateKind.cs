namespace LongContext.Data.Cleaning;

/// <summary>In which way a document is a duplicate.</summary>
public enum DuplicateKind
{
    /// <summary>The same, as <see cref="DuplicateOptions.Exact"/> defines it.</summary>
    Exact,

    /// <summary>Similar from the threshold on.</summary>
    Near,
}
