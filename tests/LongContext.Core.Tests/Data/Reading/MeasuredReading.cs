using System.Diagnostics;
using System.Globalization;

namespace LongContext.Data.Reading;

/// <summary>A program that reads a file's records and says how many there are, how long their texts are and how much memory it took.</summary>
internal static class MeasuredReading
{
    public const string Name = "measure-reading";

    public static int Run(string file)
    {
        using RecordSource<string> source = RecordSource.FromFiles([file], Reads.Text);
        var clock = Stopwatch.StartNew();
        long records = 0, characters = 0;
        ulong sum = 0;
        while (source.Next() is { } text)
        {
            records++;
            characters += text.Length;
            sum = unchecked((sum * 31) + text[0] + text[^1]);
            if (records % 1000 == 0) _ = source.Capture();
        }

        long peak = long.Parse(
            File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{records} {characters} {sum} {peak} {GC.CollectionCount(2)} {System.Runtime.GCSettings.IsServerGC} {clock.Elapsed.TotalSeconds:F1}"));
        return 0;
    }
}
