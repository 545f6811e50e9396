using System.Buffers.Binary;
using System.Text;
using LongContext.Checkpoints;
using LongContext.TestSupport;

namespace LongContext.Core.Tests.Checkpoints;

/// <summary>Safetensors files made byte by byte, sound or not.</summary>
internal static class SafetensorsBytes
{
    public static byte[] Build(string header, int dataBytes = 0) => Build(Encoding.UTF8.GetBytes(header), dataBytes);

    public static byte[] Build(byte[] header, int dataBytes = 0, ulong? headerLength = null)
    {
        byte[] file = new byte[8 + header.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(file, headerLength ?? (ulong)header.Length);
        header.CopyTo(file, 8);
        for (int i = 0; i < dataBytes; i++) file[8 + header.Length + i] = (byte)(i + 1);
        return file;
    }

    /// <summary>Two tensors, metadata, 24 bytes of data.</summary>
    public static byte[] Sample() => Build(
        """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"b":{"dtype":"I64","shape":[1],"data_offsets":[16,24]}}""",
        24);

    /// <summary>Opens the bytes as a file; the message of the fault must name the file and hold the parts.</summary>
    public static void AssertFault(byte[] file, params string[] parts)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder["x.safetensors"], file);
        string message = Assert.Throws<CheckpointFormatException>(() => SafetensorsFile.Open(folder["x.safetensors"])).Message;
        Assert.StartsWith(folder["x.safetensors"], message, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
        Assert.True(message.Length < 2_000);
    }
}
