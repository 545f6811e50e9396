namespace LongContext.Data.Reading;

/// <summary>Damage of the kinds that files come to have, drawn from a seed.</summary>
internal sealed class Mutations(long seed)
{
    private static readonly byte[][] s_insertions =
    [
        [.. "\""u8], [.. "\\"u8], [.. "{"u8], [.. "}"u8], [.. "["u8], [.. "]"u8], [.. ","u8], [.. ":"u8], [.. "\n"u8], [.. "\r"u8], [0], [0xFF], [0xC3], [0xED, 0xA0, 0x80],
        [.. "\uFEFF"u8], [.. "\\ud83d"u8], [.. "\\ude00"u8], [.. "\\u0000"u8], [.. "\"text\":"u8], [.. "null"u8], [.. "NaN"u8], [.. "-"u8], [.. "1e999999999"u8], [.. "//"u8], [.. "\u2028"u8],
    ];

    private SplitMix64 random = new((ulong)seed);

    public int Draw(int bound) => random.NextInt(bound);

    /// <summary>One to four changes; now and then none.</summary>
    /// <param name="valid">What is changed.</param>
    /// <param name="reach">Changes begin within so many bytes; default: anywhere.</param>
    public byte[] Of(byte[] valid, int reach = int.MaxValue)
    {
        List<byte> bytes = [.. valid];
        for (int changes = Draw(5); changes > 0 && bytes.Count > 0; changes--) Change(bytes, Draw(Math.Min(reach, bytes.Count)));
        return [.. bytes];
    }

    private void Change(List<byte> bytes, int at)
    {
        int length = Math.Min(1 + Draw(Draw(4) == 0 ? 200 : 6), bytes.Count - at);
        switch (Draw(8))
        {
            case 0: // a bit
                bytes[at] ^= (byte)(1 << Draw(8));
                break;
            case 1: // a byte
                bytes[at] = (byte)Draw(256);
                break;
            case 2: // cut off
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 3: // cut out
                bytes.RemoveRange(at, length);
                break;
            case 4: // put in
                bytes.InsertRange(at, s_insertions[Draw(s_insertions.Length)]);
                break;
            case 5: // doubled, at another place
                bytes.InsertRange(Draw(bytes.Count + 1), bytes.GetRange(at, length));
                break;
            case 6: // nested
                int depth = 1 + Draw(100);
                bytes.InsertRange(at, Enumerable.Repeat((byte)(Draw(2) == 0 ? '[' : '{'), depth));
                if (Draw(2) == 0) bytes.InsertRange(at + depth, Enumerable.Repeat((byte)']', depth));
                break;
            default: // two places exchanged
                int other = Draw(bytes.Count);
                (bytes[at], bytes[other]) = (bytes[other], bytes[at]);
                break;
        }
    }
}
