namespace LongContext.Tokenization;

/// <summary>
/// The 256 characters that stand for bytes in byte-level vocabularies (GPT-2's encoder.py): printable bytes of Latin-1 for
/// themselves, the others in their order from U+0100 on, so that a blank is Ġ.
/// </summary>
internal static class ByteAlphabet
{
    private const int Size = 256 + 68;
    private static readonly char[] s_characters = MakeCharacters();
    private static readonly short[] s_bytes = MakeBytes();

    public static ReadOnlySpan<char> Characters => s_characters;

    /// <summary>The byte that a character stands for, or −1.</summary>
    public static int ByteOf(char character) => character < Size ? s_bytes[character] : -1;

    private static char[] MakeCharacters()
    {
        var characters = new char[256];
        int others = 0;
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            characters[value] = (char)(printable ? value : 256 + others++);
        }

        return characters;
    }

    private static short[] MakeBytes()
    {
        var bytes = new short[Size];
        Array.Fill(bytes, (short)-1);
        for (int value = 0; value < 256; value++) bytes[s_characters[value]] = (short)value;
        return bytes;
    }
}
