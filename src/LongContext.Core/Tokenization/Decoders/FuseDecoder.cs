namespace LongContext.Tokenization.Decoders;

/// <summary>Makes one piece of all.</summary>
internal sealed class FuseDecoder : TokenDecoder
{
    public override void Apply(List<string> pieces)
    {
        string text = string.Concat(pieces);
        pieces.Clear();
        pieces.Add(text);
    }
}
