namespace LongContext.Tokenization.PreTokenizers;

/// <summary>Words between white space, every punctuation mark apart.</summary>
internal sealed class BertPreTokenizer : TextPreTokenizer
{
    public override string TypeName => "BertPreTokenizer";

    public override void Apply(PreTokenizedText text)
    {
        SplitPreTokenizer.WhitespaceSplit.Apply(text);
        SplitPreTokenizer.IsolatedPunctuation.Apply(text);
    }
}
