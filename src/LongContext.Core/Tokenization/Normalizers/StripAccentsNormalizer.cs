using System.Text;
using LongContext.Tokenization.Patterns;

namespace LongContext.Tokenization.Normalizers;

/// <summary>Leaves marks out. It decomposes nothing: that is for a form before it.</summary>
internal sealed class StripAccentsNormalizer : TextNormalizer
{
    public override string TypeName => "StripAccents";

    public override string Normalize(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\u0300', char.MaxValue) < 0) return text;
        var kept = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (!CharacterSets.Accent.Contains(rune.Value)) kept.Append(rune.ToString());
        }

        return kept.ToString();
    }
}
