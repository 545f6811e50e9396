using System.Globalization;
using System.Text;

namespace LongContext.Data.Reading;

/// <summary>
/// A program that writes what it reads of a folder's files into one file, and every few records how far it is; begun again, it goes on
/// from there. It can be killed at any moment.
/// </summary>
internal static class KilledIngestion
{
    public const string Name = "ingest-until-killed";

    public static RecordSourceOptions Options { get; } = new() { BadLines = BadLines.Skip, MaximumBadLines = 1_000_000, MaximumBadShare = 1, TextSplitting = TextSplitting.Lines, ReportedFaults = 3 };

    public static string? Map(DataRecord record) => record.Origin.Number % 50 == 7 ? null : $"{Path.GetFileName(record.Origin.Path)} {record.Shown()}\n";

    public static int Run(string folder, string output, string state)
    {
        using RecordSource<string> source = RecordSource.FromFiles([folder], Map, Options);
        using FileStream written = new(output, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        if (File.Exists(state))
        {
            StreamState saved = StreamState.Load(state);
            source.Restore(saved.GetState("source"));
            written.SetLength(saved.GetNumber("written")); // what was written after the state is written again
        }
        else
        {
            written.SetLength(0);
        }

        written.Seek(0, SeekOrigin.End);
        for (long number = source.Report.Records; source.Next() is { } text; number++)
        {
            written.Write(Encoding.UTF8.GetBytes(text));
            if (new SplitMix64(5, number).NextInt(40) > 0) continue;
            new StreamState("ingestion").Set("written", written.Position).Set("source", source.Capture()).Save(state);
            Console.WriteLine(number.ToString(CultureInfo.InvariantCulture));
        }

        Console.WriteLine(source.Report.ToString().Replace('\n', ' '));
        return 0;
    }
}
