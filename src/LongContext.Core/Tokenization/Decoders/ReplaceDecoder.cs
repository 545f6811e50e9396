using LongContext.Tokenization.Patterns;

namespace LongContext.Tokenization.Decoders;

/// <summary>Replaces every match of a pattern within each piece.</summary>
internal sealed class ReplaceDecoder(TextReplacement replacement) : TokenDecoder
{
    public override void Apply(List<string> pieces)
    {
        var budget = new PatternBudget(pieces.Sum(piece => piece.Length));
        for (int i = 0; i < pieces.Count; i++) pieces[i] = replacement.Apply(pieces[i], budget);
    }
}
