namespace LongContext.Tokenization.PreTokenizers;

/// <summary>One step after the other.</summary>
internal sealed class SequencePreTokenizer(TextPreTokenizer[] steps) : TextPreTokenizer
{
    public override string TypeName => "Sequence";

    public override IEnumerable<TextPreTokenizer> Steps => steps.SelectMany(step => step.Steps);

    public override void Apply(PreTokenizedText text)
    {
        foreach (TextPreTokenizer step in steps) step.Apply(text);
    }
}
