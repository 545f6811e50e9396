using System.Text;

namespace LongContext.Tokenization.Normalizers;

/// <summary>Makes one blank of several and takes those at the ends away: SentencePiece's remove_extra_whitespaces.</summary>
internal sealed class ExtraBlanksNormalizer : TextNormalizer
{
    /// <summary>SentencePiece's name for it; tokenizer.json has no such type.</summary>
    public override string TypeName => "remove_extra_whitespaces";

    public override string Normalize(string text)
    {
        text = text.Trim(' ');
        if (!text.Contains("  ", StringComparison.Ordinal)) return text;
        var single = new StringBuilder(text.Length);
        foreach (char character in text)
        {
            if (character != ' ' || single[^1] != ' ') single.Append(character);
        }

        return single.ToString();
    }
}
