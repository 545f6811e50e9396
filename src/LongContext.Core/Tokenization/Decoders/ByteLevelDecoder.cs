using System.Buffers;
using System.Text;

namespace LongContext.Tokenization.Decoders;

/// <summary>
/// Turns pieces in the byte alphabet into the text that their bytes spell together; a piece with another character in it
/// counts as its own text. Bytes that are not UTF-8 become replacement characters.
/// </summary>
internal sealed class ByteLevelDecoder : TokenDecoder
{
    public override void Apply(List<string> pieces)
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (string piece in pieces)
        {
            Span<byte> room = bytes.GetSpan(Encoding.UTF8.GetMaxByteCount(piece.Length));
            bytes.Advance(TryGetBytes(piece, room) ? piece.Length : Encoding.UTF8.GetBytes(piece, room));
        }

        pieces.Clear();
        pieces.Add(Encoding.UTF8.GetString(bytes.WrittenSpan));
    }

    private static bool TryGetBytes(string piece, Span<byte> bytes)
    {
        for (int i = 0; i < piece.Length; i++)
        {
            int value = ByteAlphabet.ByteOf(piece[i]);
            if (value < 0) return false;
            bytes[i] = (byte)value;
        }

        return true;
    }
}
