namespace LongContext.Tokenization.PreTokenizers;

/// <summary>One step after the other.</summary>
internal sealed class SequencePreTokenizer(TextPreTokenizer[] steps) : TextPreTokenizer
{
    public override void Apply(PreTokenizedText text)
    {
        foreach (TextPreTokenizer step in steps) step.Apply(text);
    }
}
