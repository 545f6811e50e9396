namespace LongContext.Tokenization;

/// <summary>An entry of "added_tokens": a text that is one token wherever it stands.</summary>
internal sealed record AddedToken(int Id, string Content)
{
    /// <summary>Left out of decoded text on demand.</summary>
    public bool Special { get; init; }

    /// <summary>Looked for after normalizing instead of in the raw text.</summary>
    public bool Normalized { get; init; }

    /// <summary>Only where no letter, digit or underscore touches it.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Takes white space before it along.</summary>
    public bool StripLeft { get; init; }

    /// <summary>Takes white space after it along.</summary>
    public bool StripRight { get; init; }

    public static AddedToken Read(JsonField field) => Read(field, field.Required("id").Integer());

    public static AddedToken Read(JsonField field, int id)
    {
        JsonField content = field.Required("content");
        if (content.Text().Length == 0) throw content.Fault("an added token is an empty string");
        return new AddedToken(id, content.Text())
        {
            Special = field.Flag("special"),
            Normalized = field.Flag("normalized"),
            SingleWord = field.Flag("single_word"),
            StripLeft = field.Flag("lstrip"),
            StripRight = field.Flag("rstrip"),
        };
    }
}
