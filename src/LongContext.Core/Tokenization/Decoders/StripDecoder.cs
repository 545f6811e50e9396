namespace LongContext.Tokenization.Decoders;

/// <summary>Takes up to so many of one character off each piece's start and end.</summary>
internal sealed class StripDecoder(char content, int start, int stop) : TokenDecoder
{
    public override void Apply(List<string> pieces)
    {
        for (int i = 0; i < pieces.Count; i++)
        {
            string piece = pieces[i];
            int from = 0, to = piece.Length;
            while (from < start && from < to && piece[from] == content) from++;
            while (piece.Length - to < stop && to > from && piece[to - 1] == content) to--;
            if (to - from != piece.Length) pieces[i] = piece[from..to];
        }
    }

    public static StripDecoder ReadStrip(JsonField field)
    {
        JsonField content = field.Required("content");
        string text = content.Text();
        if (text.Length != 1) throw content.Fault($"expected one character, found \"{text}\"");
        return new StripDecoder(text[0], field.Required("start").Integer(), field.Required("stop").Integer());
    }
}
