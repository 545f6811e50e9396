using LongContext.Tokenization.Patterns;

namespace LongContext.Tokenization.PreTokenizers;

/// <summary>Spells blanks as another character (▁), puts one in front where the scheme says so, and cuts before each where asked to.</summary>
internal sealed class MetaspacePreTokenizer(char replacement, bool prepend, bool onlyAtStart, bool cuts) : TextPreTokenizer
{
    private readonly SplitPreTokenizer _split = new("Split", new LiteralPattern(replacement.ToString()), SplitBehavior.MergedWithNext, invert: false);

    public override string TypeName => "Metaspace";

    /// <summary>What a blank is spelled as.</summary>
    public char Replacement => replacement;

    /// <summary>Whether one goes in front of a text that does not begin with one.</summary>
    public bool Prepends => prepend;

    /// <summary>Whether it cuts before each.</summary>
    public bool Cuts => cuts;

    public override void Apply(PreTokenizedText text)
    {
        bool isFirst = text.IsAtStart;
        for (int i = 0; i < text.Count; i++)
        {
            (int start, int end) = text.Piece(i);
            int from = text.RewrittenLength;
            bool begins = !onlyAtStart || (isFirst && text.OriginOf(start, end).Start == 0);
            if (prepend && begins && text.Text[start] != ' ' && text.Text[start] != replacement) text.Rewrite(1, start, start)[0] = replacement;
            text.Copy(start, end);
            text.AddPiece(from, text.RewrittenLength);
        }

        text.Rewritten.Replace(' ', replacement);
        text.FinishRewriting();
        if (cuts) _split.Apply(text);
    }

    public static MetaspacePreTokenizer ReadMetaspace(JsonField field)
    {
        MetaspaceSettings settings = MetaspaceSettings.Read(field);
        return new MetaspacePreTokenizer(settings.Replacement, settings.Prepends, settings.OnlyAtStart, field.Optional("split")?.Flag() ?? true);
    }
}
