using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace LongContext.Data.Compression;

/// <summary>The frame around a gzip member's data (RFC 1952): its header and its last eight bytes.</summary>
internal static class GzipMember
{
    /// <summary>Bytes behind the data: CRC-32 and length of the text.</summary>
    public const int TrailerLength = 8;

    private const int FixedHeaderLength = 10;
    private const byte HeaderCheck = 2, Extra = 4, Name = 8, Comment = 16, Reserved = 0xE0;

    /// <summary>Longer names, comments and extra fields are damage.</summary>
    private const int MaximumHeaderLength = 256 * 1024;

    public static bool IsMagic(ReadOnlySpan<byte> first) => first is [0x1F, 0x8B, 8, ..];

    /// <summary>The length of the header at a byte of a file; 0 where it is cut short, unsound or too long.</summary>
    public static int HeaderLength(SafeFileHandle file, long offset)
    {
        byte[] head = new byte[512];
        while (true)
        {
            int filled = ReadFully(file, head, offset);
            int length = HeaderLength(head.AsSpan(0, filled));
            if (length > 0 || filled < head.Length || head.Length >= MaximumHeaderLength) return length;
            head = new byte[head.Length * 8];
        }
    }

    public static int ReadFully(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        int filled = 0;
        while (filled < buffer.Length && RandomAccess.Read(file, buffer[filled..], offset + filled) is > 0 and var read) filled += read;
        return filled;
    }

    private static int HeaderLength(ReadOnlySpan<byte> head)
    {
        if (head.Length < FixedHeaderLength || !IsMagic(head) || (head[3] & Reserved) != 0) return 0;
        int at = FixedHeaderLength;
        byte flags = head[3];
        if ((flags & Extra) != 0)
        {
            if (head.Length < at + 2) return 0;
            at += 2 + BinaryPrimitives.ReadUInt16LittleEndian(head[at..]);
        }

        if ((flags & Name) != 0 && !PassText(head, ref at)) return 0;
        if ((flags & Comment) != 0 && !PassText(head, ref at)) return 0;
        if ((flags & HeaderCheck) != 0) at += 2;
        return at <= head.Length ? at : 0;
    }

    private static bool PassText(ReadOnlySpan<byte> head, ref int at)
    {
        if (at > head.Length || head[at..].IndexOf((byte)0) is not (>= 0 and var length)) return false;
        at += length + 1;
        return true;
    }
}
