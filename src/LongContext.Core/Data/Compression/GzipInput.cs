using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace LongContext.Data.Compression;

/// <summary>A gzip file (RFC 1952): any number of members, each checked against its CRC-32 and length.</summary>
/// <remarks>
/// <see cref="GZipStream"/> reads members one after the other too, but gives a cut file as a shorter one, passes over what is no gzip
/// behind the last member and does not say where members begin. So the deflated data are read alone, and their end is found by the
/// member's last eight bytes, which are known once its text is.
/// </remarks>
internal sealed class GzipInput(string path, FileStream file) : CompressedInput(path, file)
{
    private readonly Crc32 crc = new();
    private long memberStart; // of the member at hand, or where the next one begins
    private long memberText;
    private FileSection? section;
    private DeflateStream? data;

    public override long FilePosition => section?.FilePosition ?? memberStart;

    protected override int Decompress(Span<byte> buffer)
    {
        while (true)
        {
            if (data is null && !OpenMember()) return 0;
            int read;
            try
            {
                read = data!.Read(buffer);
            }
            catch (InvalidDataException fault)
            {
                throw Damaged(fault);
            }

            if (read > 0)
            {
                crc.Append(buffer[..read]);
                memberText += read;
                return read;
            }

            CloseMember();
        }
    }

    protected override void Begin(long fileOffset)
    {
        data?.Dispose();
        (data, section, memberStart) = (null, null, fileOffset);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) data?.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Opens the member that begins where the last one ended; false at the file's end.</summary>
    private bool OpenMember()
    {
        if (memberStart == FileLength) return false;
        int header = GzipMember.HeaderLength(File.SafeFileHandle, memberStart);
        if (header == 0)
        {
            if (memberStart > 0 && IsZerosToEnd(memberStart)) return false; // padding, as on tapes
            throw Faults.Broken(
                FilePath, FormattableString.Invariant($"what begins at byte {memberStart} of {FileLength} is not a whole gzip header, expected one or the file's end."));
        }

        Frames.Add(new InputFrame(memberStart, TextPosition));
        crc.Reset();
        memberText = 0;
        section = new FileSection(FilePath, File.SafeFileHandle, memberStart + header, FileLength);
        data = new DeflateStream(section, CompressionMode.Decompress);
        return true;
    }

    /// <summary>
    /// Finds the member's end: its data end somewhere in what was read last. An empty text's last bytes are zeros, which may be found a
    /// byte too early; so the place that is followed by another member or the file's end goes first.
    /// </summary>
    private void CloseMember()
    {
        Span<byte> trailer = stackalloc byte[GzipMember.TrailerLength];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, crc.GetCurrentHashAsUInt32());
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[4..], unchecked((uint)memberText));
        long begin = section!.EarlierRead;
        byte[] window = ArrayPool<byte>.Shared.Rent((int)(section.FilePosition - begin) + GzipMember.TrailerLength + 3);
        try
        {
            ReadOnlySpan<byte> tail = window.AsSpan(0, GzipMember.ReadFully(File.SafeFileHandle, window.AsSpan(0, (int)Math.Min(window.Length, FileLength - begin)), begin));
            int found = -1;
            for (int at = tail.IndexOf(trailer); at >= 0;)
            {
                int end = at + GzipMember.TrailerLength;
                bool isSure = begin + end == FileLength || GzipMember.IsMagic(tail[end..]);
                if (found < 0 || isSure) found = end;
                if (isSure) break;
                int further = tail[(at + 1)..].IndexOf(trailer);
                at = further < 0 ? -1 : at + 1 + further;
            }

            if (found < 0) throw Damaged(cause: null);
            data!.Dispose();
            (data, section, memberStart) = (null, null, begin + found);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(window);
        }
    }

    private DataFormatException Damaged(Exception? cause)
    {
        string how = section!.FilePosition >= FileLength && cause is null ? "cut short or damaged" : "damaged";
        string place = FormattableString.Invariant($"{how} near byte {section.FilePosition} of {FileLength}; {memberText} bytes of its text were read.");
        return Faults.Broken(FilePath, FormattableString.Invariant($"the gzip member that begins at byte {memberStart} is {place}"), cause);
    }

    private bool IsZerosToEnd(long offset)
    {
        Span<byte> block = stackalloc byte[4096];
        for (int read; (read = RandomAccess.Read(File.SafeFileHandle, block[..(int)Math.Min(block.Length, FileLength - offset)], offset)) > 0; offset += read)
        {
            if (block[..read].ContainsAnyExcept((byte)0)) return false;
        }

        return true;
    }
}
