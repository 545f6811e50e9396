using System.Diagnostics;
using System.Globalization;
using LongContext.TestSupport;

namespace LongContext.Data.Reading;

/// <summary>An ingestion that is killed again and again writes what one that nobody killed writes.</summary>
public sealed class IngestionKillTests(ITestOutputHelper output)
{
    [Fact]
    public void Ingestion_KilledSixTimes_LosesAndDoublesNothing() => Run(kills: 6, linesAFile: 1500, seed: 1);

    [Fact]
    [Trait("Category", "Slow")]
    public void Ingestion_KilledAHundredTimes_LosesAndDoublesNothing()
    {
        SlowTests.SkipUnlessAsked();
        Run(kills: 100, linesAFile: 20_000, seed: 2);
    }

    private void Run(int kills, int linesAFile, int seed)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        Directory.CreateDirectory(folder["data"]);
        WriteFiles(folder["data"], linesAFile);
        string expected, report;
        using (RecordSource<string> unbroken = RecordSource.FromFiles([folder["data"]], KilledIngestion.Map, KilledIngestion.Options))
        {
            expected = string.Concat(unbroken.All());
            report = unbroken.Report.ToString().Replace('\n', ' ');
            output.WriteLine(report);
        }

        Random random = new(seed);
        long records = expected.Count(c => c == '\n'), furthest = 0;
        int done = 0, halfWritten = 0;
        // Each life goes on about as far as is left for it, so that the kills are spread over all files.
        for (; done < kills; done++)
        {
            long until = furthest + random.NextInt64(2 * (records - furthest) / (kills - done + 1) + 1);
            using Process process = Start(folder);
            long reached = furthest;
            while (reached < until && process.StandardOutput.ReadLine() is { } line && long.TryParse(line, CultureInfo.InvariantCulture, out long number)) reached = number;

            Thread.Sleep(random.Next(8));
            bool ended = process.HasExited;
            process.Kill();
            process.WaitForExit();
            if (ended) break;
            furthest = Math.Max(furthest, reached);
            // Records that were written after the last state, which the next life must not write twice.
            if (File.Exists(folder["state"]) && new FileInfo(folder["out"]).Length > StreamState.Load(folder["state"]).GetNumber("written")) halfWritten++;
        }

        using (Process last = Start(folder))
        {
            string? line, end = null;
            while ((line = last.StandardOutput.ReadLine()) is not null) end = line;
            last.WaitForExit();
            Assert.Equal(0, last.ExitCode);
            Assert.Equal(report, end);
        }

        output.WriteLine($"{done} kills, {halfWritten} of them with records written after the last state");
        Assert.True(done >= kills * 0.8, $"only {done} of {kills} lives were killed before they ended");
        Assert.True(halfWritten >= kills / 5, $"only {halfWritten} of {done} kills came between a record and its state");
        Assert.Equal(expected, File.ReadAllText(folder["out"]));
    }

    private static Process Start(TemporaryFolder folder) =>
        Process.Start(OwnProgram.With(KilledIngestion.Name, folder["data"], folder["out"], folder["state"]))!;

    private static void WriteFiles(string folder, int count)
    {
        string[] lines = Reads.JsonLines(count);
        for (int i = 0; i < count; i += 97) lines[i] = "{\"broken\":";
        byte[] text = string.Concat(lines.Select(line => line + "\n")).Utf8();
        File.WriteAllBytes(Path.Combine(folder, "a.jsonl"), text);
        File.WriteAllBytes(Path.Combine(folder, "b.jsonl.gz"), text.Gzip());
        File.WriteAllBytes(Path.Combine(folder, "c.jsonl.gz"), [.. text.Chunk(10_001).SelectMany(part => part.Gzip())]);
        File.WriteAllBytes(Path.Combine(folder, "d.jsonl.zst"), text.Zstd());
        File.WriteAllBytes(Path.Combine(folder, "e.jsonl.zst"), [.. text.Chunk(10_001).SelectMany(part => part.Zstd())]);
        File.WriteAllText(Path.Combine(folder, "f.json"), $"[{string.Join(",\n", Reads.JsonLines(count))}]");
        File.WriteAllBytes(Path.Combine(folder, "g.txt.zst"), text.Zstd());
    }
}
