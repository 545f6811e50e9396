using System.Buffers.Binary;
using Tensorboard;
using TorchSharp.Utils;

namespace LongContext.Tests.Training.Monitoring;

/// <summary>Reads event files with nothing of the library's: TorchSharp's CRC-32C and its messages generated from TensorFlow's definitions.</summary>
internal static class EventFileReader
{
    /// <summary>All whole records; a torn one at the end is left out, as TensorBoard leaves it.</summary>
    public static List<Event> Read(string path)
    {
        byte[] file;
        // The log may still be open.
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
        {
            file = new byte[stream.Length];
            stream.ReadExactly(file);
        }

        List<Event> events = [];
        for (int at = 0; at + 12 <= file.Length;)
        {
            int length = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at)));
            Assert.Equal(Masked(file[at..(at + 8)]), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            int end = at + 12 + length;
            if (end + 4 > file.Length) break;
            Assert.Equal(Masked(file[(at + 12)..end]), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(end)));
            events.Add(Event.Parser.ParseFrom(file, at + 12, length));
            at = end + 4;
        }

        return events;
    }

    /// <summary>Values of one tag with their steps, in the file's order.</summary>
    public static List<(long Step, float Value)> Scalars(IEnumerable<Event> events, string tag) =>
    [
        .. events.Where(e => e.WhatCase == Event.WhatOneofCase.Summary)
            .SelectMany(e => e.Summary.Value.Where(value => value.Tag == tag).Select(value => (e.Step, value.SimpleValue))),
    ];

    /// <summary>The steps from which on TensorBoard is told to forget.</summary>
    public static List<long> Restarts(IEnumerable<Event> events) =>
        [.. events.Where(e => e.WhatCase == Event.WhatOneofCase.SessionLog && e.SessionLog.Status == SessionLog.Types.SessionStatus.Start).Select(e => e.Step)];

    private static uint Masked(byte[] data)
    {
        uint crc = CRC32C.process(data);
        return unchecked(((crc >> 15) | (crc << 17)) + 0xa282ead8u);
    }
}
