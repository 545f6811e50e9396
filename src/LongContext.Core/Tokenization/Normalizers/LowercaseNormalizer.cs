using System.Text;

namespace LongContext.Tokenization.Normalizers;

/// <summary>Each character in lower case, without regard to what stands around it (no final sigma), as Rust's char::to_lowercase.</summary>
internal sealed class LowercaseNormalizer : TextNormalizer
{
    public override string TypeName => "Lowercase";

    public override string Normalize(string text)
    {
        if (Ascii.IsValid(text)) return text.ToLowerInvariant();
        var lower = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            // İ is the only one that becomes two characters; what follows is new in Unicode 17, which the runtime does not have.
            if (rune.Value == 0x130) lower.Append("i\u0307");
            else lower.Append(new Rune(InUnicode17(rune)).ToString());
        }

        return lower.ToString();
    }

    private static int InUnicode17(Rune rune) => rune.Value switch
    {
        0xA7CE or 0xA7D2 or 0xA7D4 => rune.Value + 1,
        >= 0x16EA0 and <= 0x16EB8 => rune.Value + 27,
        _ => Rune.ToLowerInvariant(rune).Value,
    };
}
