namespace LongContext.Data.Reading;

/// <summary>What of a plain-text file is one record.</summary>
public enum TextSplitting
{
    /// <summary>The whole file.</summary>
    WholeFile,

    /// <summary>Each line that is not blank.</summary>
    Lines,

    /// <summary>Each run of lines without a blank line among them.</summary>
    Paragraphs,

    /// <summary>What stands between two occurrences of <see cref="RecordSourceOptions.TextSeparator"/>, blank pieces left out.</summary>
    Separator,
}
