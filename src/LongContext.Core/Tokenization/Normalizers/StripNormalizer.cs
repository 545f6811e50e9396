namespace LongContext.Tokenization.Normalizers;

/// <summary>Takes white space off the start, the end or both.</summary>
internal sealed class StripNormalizer(bool left, bool right) : TextNormalizer
{
    public override string TypeName => "Strip";

    public override string Normalize(string text)
    {
        if (left) text = text.TrimStart();
        return right ? text.TrimEnd() : text;
    }

    public static StripNormalizer ReadStrip(JsonField field) =>
        new(field.Required("strip_left").Flag(), field.Required("strip_right").Flag());
}
