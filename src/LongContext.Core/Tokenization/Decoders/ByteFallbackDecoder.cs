using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;

namespace LongContext.Tokenization.Decoders;

/// <summary>
/// Turns runs of byte pieces (&lt;0xE4&gt;&lt;0xBD&gt;&lt;0xA0&gt;) into the text they spell in UTF-8; a run that is not UTF-8 becomes one
/// replacement character per byte, as in Hugging Face's tokenizers.
/// </summary>
internal sealed class ByteFallbackDecoder : TokenDecoder
{
    public override void Apply(List<string> pieces)
    {
        var run = new List<byte>();
        int kept = 0;
        foreach (string piece in pieces.ToArray())
        {
            if (TokenKinds.TryGetByte(piece, out byte value))
            {
                run.Add(value);
                continue;
            }

            if (run.Count > 0) pieces[kept++] = Spell(run);
            pieces[kept++] = piece;
        }

        if (run.Count > 0) pieces[kept++] = Spell(run);
        pieces.RemoveRange(kept, pieces.Count - kept);
    }

    private static string Spell(List<byte> run)
    {
        ReadOnlySpan<byte> bytes = CollectionsMarshal.AsSpan(run);
        string text = Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : new string('\uFFFD', bytes.Length);
        run.Clear();
        return text;
    }
}
