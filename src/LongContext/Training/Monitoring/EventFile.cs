using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using Google.Protobuf;

namespace LongContext.Training.Monitoring;

/// <summary>
/// One of TensorBoard's event files: records of TFRecord's form (length, its checksum, data, the data's checksum), each data a
/// serialised <c>tensorflow.Event</c>. A record goes to the operating system in one piece, so a killed process leaves whole ones.
/// </summary>
/// <remarks>
/// Fields and numbers are those of tensorflow's event.proto and summary.proto; checksums are CRC-32C, masked as record_writer does.
/// TorchSharp's own SummaryWriter reopens the file for each value, stamps the first record with ticks in place of seconds, and has
/// no mark for a restart.
/// </remarks>
internal sealed class EventFile : IDisposable
{
    // Field number · 8 + wire type.
    private const uint WallTime = (1 << 3) | 1;
    private const uint Step = 2 << 3;
    private const uint FileVersion = (3 << 3) | 2;
    private const uint Summary = (5 << 3) | 2;
    private const uint SessionLog = (7 << 3) | 2;
    private const uint SummaryValue = (1 << 3) | 2;
    private const uint ValueTag = (1 << 3) | 2;
    private const uint SimpleValue = (2 << 3) | 5;
    private const uint SessionStatus = 1 << 3;
    private const int SessionStart = 1;

    private readonly FileStream stream;
    private readonly TimeProvider timeProvider;

    /// <summary>Begins a new file; those of earlier runs in the folder stay, and TensorBoard reads them in the order of their names.</summary>
    /// <param name="folder">Made where it is not there.</param>
    /// <param name="step">The first step that comes: of earlier files TensorBoard forgets what is of it or later.</param>
    /// <param name="timeProvider">Clock for the events' times.</param>
    public EventFile(string folder, long step, TimeProvider timeProvider)
    {
        this.timeProvider = timeProvider;
        Directory.CreateDirectory(folder);
        stream = Create(folder, timeProvider.GetUtcNow().ToUnixTimeSeconds());
        try
        {
            Write(output =>
            {
                output.WriteTag(FileVersion);
                output.WriteString("brain.Event:2");
            });
            WriteRestart(step);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    public string Path => stream.Name;

    /// <summary>Tells TensorBoard to forget what it has of this step and later ones: they come again.</summary>
    public void WriteRestart(long step) => Write(output =>
    {
        output.WriteTag(Step);
        output.WriteInt64(step);
        output.WriteTag(SessionLog);
        output.WriteLength(2); // tag and value, a byte each
        output.WriteTag(SessionStatus);
        output.WriteEnum(SessionStart);
    });

    public void WriteScalars(long step, IEnumerable<KeyValuePair<string, double>> scalars)
    {
        byte[] summary = Encode(output =>
        {
            foreach ((string tag, double value) in scalars)
            {
                int size = 1 + CodedOutputStream.ComputeStringSize(tag) + 1 + sizeof(float);
                output.WriteTag(SummaryValue);
                output.WriteLength(size);
                output.WriteTag(ValueTag);
                output.WriteString(tag);
                output.WriteTag(SimpleValue);
                output.WriteFloat((float)value);
            }
        });
        Write(output =>
        {
            output.WriteTag(Step);
            output.WriteInt64(step);
            output.WriteTag(Summary);
            output.WriteBytes(ByteString.CopyFrom(summary));
        });
    }

    /// <summary>Through to the disk, which survives the machine and not the process alone.</summary>
    public void FlushToDisk() => stream.Flush(flushToDisk: true);

    public void Dispose() => stream.Dispose();

    /// <summary>CRC-32C, rotated by 15 bits and shifted by a constant: a checksum of data that holds checksums would be weak.</summary>
    internal static uint MaskedChecksum(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data) crc = BitOperations.Crc32C(crc, value);
        return BitOperations.RotateRight(~crc, 15) + 0xA282EAD8;
    }

    private static FileStream Create(string folder, long seconds)
    {
        for (int number = 0; ; number++)
        {
            string name = string.Create(
                CultureInfo.InvariantCulture, $"events.out.tfevents.{seconds:D10}.{Environment.MachineName}.{Environment.ProcessId}.{number}.longcontext");
            string path = System.IO.Path.Combine(folder, name);
            // Two runs of one second: never into the other's file.
            if (!File.Exists(path)) return new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        }
    }

    private void Write(Action<CodedOutputStream> fields)
    {
        double seconds = (timeProvider.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;
        byte[] data = Encode(output =>
        {
            output.WriteTag(WallTime);
            output.WriteDouble(seconds);
            fields(output);
        });
        byte[] record = new byte[sizeof(ulong) + sizeof(uint) + data.Length + sizeof(uint)];
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(sizeof(ulong)), MaskedChecksum(record.AsSpan(0, sizeof(ulong))));
        data.CopyTo(record, sizeof(ulong) + sizeof(uint));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(record.Length - sizeof(uint)), MaskedChecksum(data));
        stream.Write(record);
    }

    private static byte[] Encode(Action<CodedOutputStream> write)
    {
        using var buffer = new MemoryStream();
        using (var output = new CodedOutputStream(buffer, leaveOpen: true)) write(output);
        return buffer.ToArray();
    }
}
