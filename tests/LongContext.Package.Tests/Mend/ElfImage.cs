using System.Buffers.Binary;
using System.Text;

namespace LongContext.Package.Tests.Mend;

/// <summary>ELF images for the tests: a trivial one, and changes to a real one.</summary>
internal static class ElfImage
{
    /// <summary>A 64-bit little-endian header without any section.</summary>
    public static byte[] Trivial()
    {
        var image = new byte[64];
        "\u007fELF"u8.CopyTo(image);
        (image[4], image[5], image[6]) = (2, 1, 1);
        return image;
    }

    /// <summary>Replaces every whole string of the string tables; both texts have the same length.</summary>
    public static byte[] Replace(byte[] image, string old, string with)
    {
        Assert.Equal(old.Length, with.Length);
        byte[] changed = [.. image], pattern = [0, .. Encoding.ASCII.GetBytes(old), 0];
        int count = 0;
        for (int at = 0; changed.AsSpan(at).IndexOf(pattern) is >= 0 and int offset; count++)
        {
            at += offset + 1;
            Encoding.ASCII.GetBytes(with).CopyTo(changed, at);
        }

        Assert.NotEqual(0, count);
        return changed;
    }

    /// <summary>The image with the weak flag set on the entry of GLIBCXX_3.4.32.</summary>
    public static byte[] WithWeakVersion(byte[] image)
    {
        byte[] changed = [.. image];
        changed[FlagsOffset(image)] |= 2;
        return changed;
    }

    /// <summary>
    /// Offset of vna_flags of the version, found by the version's ELF hash rather than by walking the tables as the mend does:
    /// Elf64_Vernaux begins with vna_hash, and vna_flags follows.
    /// </summary>
    public static int FlagsOffset(byte[] image)
    {
        uint hash = 0;
        foreach (byte c in "GLIBCXX_3.4.32"u8)
        {
            hash = (hash << 4) + c;
            uint high = hash & 0xF0000000;
            hash = (hash ^ (high >> 24)) & ~high;
        }

        var pattern = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(pattern, hash);
        int at = image.AsSpan().IndexOf(pattern);
        Assert.True(at >= 0, "The library does not ask for GLIBCXX_3.4.32 any more: the mend can go.");
        Assert.Equal(-1, image.AsSpan(at + 1).IndexOf(pattern));
        return at + 4;
    }
}
