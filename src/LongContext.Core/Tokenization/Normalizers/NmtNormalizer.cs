using System.Text;

namespace LongContext.Tokenization.Normalizers;

/// <summary>Leaves control characters out and makes blanks of what counts as white space to translation models.</summary>
internal sealed class NmtNormalizer : TextNormalizer
{
    public override string TypeName => "Nmt";

    public override string Normalize(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (char character in text)
        {
            if (!IsDropped(character)) result.Append(IsBlank(character) ? ' ' : character);
        }

        return result.ToString();
    }

    private static bool IsDropped(char character) =>
        character is (>= '\u0001' and <= '\u0008') or '\u000B' or (>= '\u000E' and <= '\u001F') or '\u007F' or '\u008F' or '\u009F';

    private static bool IsBlank(char character) =>
        character is '\t' or '\n' or '\f' or '\r' or '\u1680' or (>= '\u200B' and <= '\u200F') or '\u2028' or '\u2029' or '\u2581' or '\uFEFF' or '\uFFFD';
}
