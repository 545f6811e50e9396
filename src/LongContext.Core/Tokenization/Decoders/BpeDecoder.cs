namespace LongContext.Tokenization.Decoders;

/// <summary>Makes a blank of the suffix that ends a word, and nothing of it in the last piece.</summary>
internal sealed class BpeDecoder(string suffix) : TokenDecoder
{
    public override void Apply(List<string> pieces)
    {
        for (int i = 0; i < pieces.Count; i++)
            pieces[i] = pieces[i].Replace(suffix, i == pieces.Count - 1 ? "" : " ", StringComparison.Ordinal);
    }

    public static BpeDecoder ReadBpe(JsonField field)
    {
        JsonField suffix = field.Required("suffix");
        return suffix.Text().Length > 0 ? new BpeDecoder(suffix.Text()) : throw suffix.Fault("expected a suffix, found an empty string");
    }
}
