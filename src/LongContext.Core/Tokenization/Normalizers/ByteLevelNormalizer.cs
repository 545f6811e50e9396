using System.Text;

namespace LongContext.Tokenization.Normalizers;

/// <summary>Spells the text in the byte alphabet.</summary>
internal sealed class ByteLevelNormalizer : TextNormalizer
{
    public override string TypeName => "ByteLevel";

    public override string Normalize(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        return string.Create(utf8.Length, utf8, static (result, bytes) =>
        {
            for (int i = 0; i < bytes.Length; i++) result[i] = ByteAlphabet.Characters[bytes[i]];
        });
    }
}
