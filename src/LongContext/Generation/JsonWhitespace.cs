namespace LongContext.Generation;

/// <summary>Blanks between the parts of a JSON text.</summary>
public enum JsonWhitespace
{
    /// <summary>Where JSON has room for blanks: none, one space, or a line feed and up to twenty spaces or tabs. So a model may write as it is used to, but not for ever.</summary>
    Limited,

    /// <summary>None at all.</summary>
    None,
}
