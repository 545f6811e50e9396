namespace LongContext.Tokenization.Decoders;

/// <summary>One decoder after the other.</summary>
internal sealed class SequenceDecoder(TokenDecoder[] steps) : TokenDecoder
{
    public override void Apply(List<string> pieces)
    {
        foreach (TokenDecoder step in steps) step.Apply(pieces);
    }
}
