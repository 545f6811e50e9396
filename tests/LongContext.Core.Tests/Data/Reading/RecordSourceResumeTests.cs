using System.Text.Json.Nodes;
using LongContext.Data.Examples;
using LongContext.Data.Compression;
using LongContext.TestSupport;

namespace LongContext.Data.Reading;

public sealed class RecordSourceResumeTests : IDisposable
{
    private static readonly RecordSourceOptions s_skip = new() { BadLines = BadLines.Skip, MaximumBadShare = 1, TextSplitting = TextSplitting.Paragraphs };

    private readonly TemporaryFolder folder = TestPaths.NewTemporaryFolder();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Resume_AtEveryItem_GoesOnWithTheNext()
    {
        WriteEveryForm();
        List<string> whole;
        ReadingReport report;
        using (RecordSource<string> unbroken = Source(s_skip))
        {
            whole = unbroken.All();
            report = unbroken.Report;
        }

        Assert.Equal(report.Files, report.FilesRead);
        Assert.True(report.BadLines >= 8 && report.LeftOut >= 3, report.ToString());
        for (int stop = 0; stop <= whole.Count; stop++)
        {
            using RecordSource<string> first = Source(s_skip);
            List<string> begun = first.All(stop);
            using RecordSource<string> second = Source(s_skip);
            second.All(stop % 7); // from wherever it stands
            second.Restore(first.Capture().ThroughAFile());
            Assert.Equal(whole, begun.Concat(second.All()));
            Assert.Equal(report.ToString(), second.Report.ToString());
        }
    }

    [Theory]
    [InlineData("gz")]
    [InlineData("zst")]
    public void Resume_InManyFrames_ReadsFromTheFramesBeginning(string compression)
    {
        // A thousand frames, of lines and of parts of lines: reading from the last one touches little of the file.
        string[] lines = Reads.JsonLines(5000);
        byte[] text = string.Concat(lines.Select(line => line + "\n")).Utf8();
        byte[] file = [.. text.Chunk(text.Length / 1000).SelectMany(part => compression == "gz" ? part.Gzip() : part.Zstd())];
        string path = folder["a.jsonl." + compression];
        File.WriteAllBytes(path, file);
        using RecordSource<DataRecord> first = RecordSource.FromFiles([path]);
        List<string> whole = [.. first.All().Select(record => record.Shown())];
        for (int stop = 0; stop < 5000; stop += 61)
        {
            using RecordSource<DataRecord> again = RecordSource.FromFiles([path]), second = RecordSource.FromFiles([path]);
            again.All(stop);
            StreamState state = again.Capture();
            if (stop > 50) Assert.InRange(state.GetNumber("offset") - state.GetNumber("frame-text"), 0, (text.Length / 1000) + 1);
            second.Restore(state.ThroughAFile());
            Assert.Equal(whole[stop], second.Next()!.Shown());
        }

        // The bytes before the frame are not looked at: they may be anything by now.
        using RecordSource<DataRecord> late = RecordSource.FromFiles([path]), blind = RecordSource.FromFiles([path]);
        late.All(4000);
        StreamState place = late.Capture();
        late.Dispose();
        byte[] spoilt = [.. file];
        spoilt.AsSpan(10, (int)place.GetNumber("frame-start") - 10).Fill(0x55);
        File.WriteAllBytes(path, spoilt);
        blind.Restore(place);
        Assert.Equal(whole[4000..], blind.All().Select(record => record.Shown()));
    }

    [Fact]
    public void FrameAt_AnyPlaces_AreTheLastFramesBefore()
    {
        FrameList frames = new();
        frames.Reset(new InputFrame(0, 0));
        foreach (InputFrame frame in (InputFrame[])[new(0, 0), new(9, 100), new(18, 100), new(27, 150), new(36, 400)]) frames.Add(frame);
        Assert.Equal(new InputFrame(0, 0), frames.At(99));
        Assert.Equal(new InputFrame(18, 100), frames.At(100));
        Assert.Equal(new InputFrame(18, 100), frames.At(149));
        Assert.Equal(new InputFrame(36, 400), frames.At(1000));
        Assert.Equal(new InputFrame(36, 400), frames.At(1000));
        frames.Add(new InputFrame(45, 1001));
        Assert.Equal(new InputFrame(36, 400), frames.At(1000));
        Assert.Equal(new InputFrame(45, 1001), frames.At(1001));
    }

    [Fact]
    public void Add_AMillionFramesWithoutText_KeepsTheLastAlone()
    {
        FrameList frames = new();
        frames.Add(new InputFrame(0, 0));
        frames.Add(new InputFrame(10, 50));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000_000; i++) frames.Add(new InputFrame(20 + i, 100));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
        Assert.Equal(new InputFrame(10, 50), frames.At(99));
        Assert.Equal(new InputFrame(1_000_019, 100), frames.At(100));
    }

    [Fact]
    public void Restore_AnotherMap_IsRefused()
    {
        File.WriteAllText(folder["a.jsonl"], """{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}],"text":"t"}""");
        RecordSource<TrainingExample> Open(ColumnMap map) => RecordSource.FromFiles([folder["a.jsonl"]], map);
        ColumnMap[] maps =
        [
            ColumnMap.Auto, ColumnMap.LongAlign, ColumnMap.OpenAIChat, ColumnMap.Alpaca, ColumnMap.Text(), ColumnMap.Text("body"), ColumnMap.PromptCompletion(),
            ColumnMap.PromptCompletion("text"), ColumnMap.Custom(_ => null), ColumnMap.Custom(_ => null, "other"), ColumnMap.Instruction(new AlpacaColumns { AsChat = true }),
            ColumnMap.Instruction(new AlpacaColumns { PromptWithoutInput = "{instruction}" }), ColumnMap.Chat(ChatColumns.LongAlign with { Faults = ConversationFaults.Mend }),
            ColumnMap.Chat(ChatColumns.LongAlign with { Weight = null }), ColumnMap.Chat(ChatColumns.LongAlign with { RequiresAlternation = false }),
            ColumnMap.Chat(ChatColumns.LongAlign with { Roles = new Dictionary<string, string> { ["bot"] = "assistant" } }),
        ];
        Assert.Equal(maps.Length, maps.Select(map => map.Identity).Distinct().Count());
        foreach (ColumnMap taken in maps)
        {
            using RecordSource<TrainingExample> first = Open(taken);
            StreamState state = first.Capture().ThroughAFile();
            foreach (ColumnMap map in maps)
            {
                using RecordSource<TrainingExample> second = Open(map);
                if (map == taken) second.Restore(state);
                else Assert.Contains($"map was {taken.Identity}, here it is {map.Identity}", Assert.Throws<ArgumentException>(() => second.Restore(state)).Message, StringComparison.Ordinal);
            }
        }

        // The same settings made anew are the same map.
        Assert.Equal(ColumnMap.ShareGpt.Identity, ColumnMap.Chat(ChatColumns.ShareGpt with { Roles = ChatColumns.ShareGpt.Roles.Reverse().ToDictionary() }).Identity);
        using RecordSource<string> one = RecordSource.FromFiles([folder["a.jsonl"]], Reads.Text, identity: "text"), other = RecordSource.FromFiles([folder["a.jsonl"]], Reads.Text);
        Assert.Contains("map was text, here it is ", Assert.Throws<ArgumentException>(() => other.Restore(one.Capture())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".gz")]
    [InlineData(".zst")]
    public void Next_AFileCutWhileItIsRead_IsAFaultOfTheDiskWhateverIsAsked(string compression)
    {
        string path = folder["a.jsonl" + compression];
        // What cannot be compressed, so that far less than the file is read ahead.
        SplitMix64 random = new(1, 1);
        byte[] text = string.Concat(Enumerable.Range(0, 1000).Select(i => $"{{\"text\":\"{string.Concat(Enumerable.Range(0, 62).Select(_ => random.Next().ToString("x16")))}\"}}\n")).Utf8();
        File.WriteAllBytes(path, compression switch { ".gz" => text.Gzip(), ".zst" => text.Zstd(), _ => text });
        long length = new FileInfo(path).Length;
        using RecordSource<string> source = RecordSource.FromFiles([path], Reads.Text, new RecordSourceOptions { BadLines = BadLines.Skip, SkipBrokenFiles = true });
        source.All(5);
        // Another program: one of .NET would be held off by the lock.
        using (System.Diagnostics.Process cut = System.Diagnostics.Process.Start("truncate", ["-s", "300000", path])!) cut.WaitForExit();
        Assert.Contains($"{path} ends after 300000 bytes now; it had {length} when it was opened", Assert.Throws<IOException>(() => source.All()).Message, StringComparison.Ordinal);
        Assert.Equal(0, source.Report.BadLines);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".gz")]
    [InlineData(".zst")]
    public void Next_AFileThatGrowsWhileItIsRead_EndsWhereItEnded(string compression)
    {
        string path = folder["a.jsonl" + compression];
        byte[] Compressed(byte[] text) => compression switch { ".gz" => text.Gzip(), ".zst" => text.Zstd(), _ => text };
        byte[] text = string.Concat(Reads.JsonLines(40_000).Select(line => line + "\n")).Utf8();
        File.WriteAllBytes(path, Compressed(text));
        using RecordSource<string> source = RecordSource.FromFiles([path], Reads.Text);
        source.All(5);
        // Another program that is half through with what it appends.
        string more = folder["more"];
        File.WriteAllBytes(more, Compressed(text)[..^20]);
        using (System.Diagnostics.Process append = System.Diagnostics.Process.Start("dd", ["if=" + more, "of=" + path, "oflag=append", "conv=notrunc", "bs=1M", "status=none"])!) append.WaitForExit();
        Assert.True(new FileInfo(path).Length > source.Report.Bytes);
        Assert.Equal(40_000 - 5, source.All().Count);
    }

    [Fact]
    public void Restore_OtherFilesOrRecords_AreRefused()
    {
        WriteEveryForm();
        StreamState state;
        using (RecordSource<string> source = Source(s_skip))
        {
            source.All(10);
            state = source.Capture();
        }

        // The whole folder elsewhere is the same data.
        Directory.CreateDirectory(folder["moved"]);
        foreach (string file in Directory.GetFiles(folder.Path)) File.Copy(file, Path.Combine(folder["moved"], Path.GetFileName(file)));
        using (RecordSource<string> moved = RecordSource.FromFiles([folder["moved"]], Map, s_skip)) moved.Restore(state);

        File.AppendAllText(folder["a.jsonl"], "\n");
        AssertRefused("bytes was", "names-and-sizes was");
        File.Move(folder["a.jsonl"], folder["a2.jsonl"]);
        AssertRefused("names-and-sizes was");
        File.WriteAllText(folder["z.txt"], "");
        AssertRefused("files was", "here it is");
        using RecordSource<string> otherText = RecordSource.FromFiles([folder["moved"]], Map, new RecordSourceOptions { TextSplitting = TextSplitting.Lines });
        Assert.Contains("text-splitting was Paragraphs, here it is Lines", Assert.Throws<ArgumentException>(() => otherText.Restore(state)).Message, StringComparison.Ordinal);
        using RecordSource<string> otherPolicy = RecordSource.FromFiles([folder["moved"]], Map, new RecordSourceOptions { TextSplitting = TextSplitting.Paragraphs, MaximumRecordBytes = 1_000_000 });
        otherPolicy.Restore(state);

        void AssertRefused(params string[] parts)
        {
            using RecordSource<string> source = RecordSource.FromFiles([folder["*"]], Map, s_skip);
            string message = Assert.Throws<ArgumentException>(() => source.Restore(state)).Message;
            Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Restore_ADamagedState_IsRefusedOrFoundWhenRead()
    {
        File.WriteAllBytes(folder["a.jsonl.zst"], string.Concat(Reads.JsonLines(100).Select(line => line + "\n")).Utf8().Zstd());
        using RecordSource<DataRecord> source = RecordSource.FromFiles([folder["a.jsonl.zst"]]);
        source.All(5);
        StreamState good = source.Capture();
        StreamState Changed(string name, long value)
        {
            StreamState state = new StreamState("records").Set("counts", good.GetState("counts")).Set("settings", good.GetState("settings"));
            foreach (string number in (string[])["file", "number", "offset", "frame-start", "frame-text"]) state.Set(number, number == name ? value : good.GetNumber(number));
            return state;
        }

        Assert.Throws<DataFormatException>(() => source.Restore(Changed("file", 2)));
        Assert.Throws<DataFormatException>(() => source.Restore(Changed("offset", -1)));
        // The source stands where it stood.
        Assert.Equal(6, source.Next()!.Origin.Number);
        foreach ((string name, long value) in (ReadOnlySpan<(string, long)>)[("offset", 1L << 40), ("frame-start", 7), ("frame-start", 1L << 40), ("frame-text", 1L << 40)])
        {
            source.Restore(Changed(name, value));
            Assert.Throws<DataFormatException>(() => source.Next());
        }

        source.Restore(good);
        Assert.Equal(6, source.Next()!.Origin.Number);
    }

    [Fact]
    public void Next_Cancelled_LosesNothing()
    {
        WriteEveryForm();
        using RecordSource<string> source = Source(s_skip), unbroken = Source(s_skip);
        List<string> given = [];
        for (int i = 0; ; i++)
        {
            if (i % 3 == 0) Assert.Throws<OperationCanceledException>(() => source.Next(new CancellationToken(true)));
            if (source.Next() is not { } item) break;
            given.Add(item);
        }

        Assert.Equal(unbroken.All(), given);
    }

    [Fact]
    public void Next_CancelledInTheMidstOfALongLine_StandsBeforeIt()
    {
        // A gigabyte in one line, which takes far longer to pass than it takes to cancel.
        string path = folder["a.jsonl.zst"];
        using (FileStream file = File.Create(path))
        using (ZstdSharp.CompressionStream zstd = new(file, 1))
        {
            zstd.Write("bad\n"u8);
            byte[] block = new byte[1 << 20];
            block.AsSpan().Fill((byte)'x');
            for (int i = 0; i < 1024; i++) zstd.Write(block);
            zstd.Write("\n{\"text\":\"a\"}\n"u8);
        }

        using CancellationTokenSource cancellation = new();
        RecordSourceOptions options = new() { BadLines = BadLines.Skip, MaximumRecordBytes = 1000, OnBadLine = _ => cancellation.CancelAfter(5) };
        using RecordSource<string> source = RecordSource.FromFiles([path], Reads.Text, options);
        Assert.Throws<OperationCanceledException>(() => source.Next(cancellation.Token));
        Assert.Equal(1, source.Report.BadLines);
        Assert.Equal("a", source.Next());
        Assert.Null(source.Next());
        Assert.Equal(["line 1:", "line 2:"], source.Report.Faults.Select(fault => fault[fault.IndexOf("line ", StringComparison.Ordinal)..][..7]));
    }

    [Fact]
    public void Next_AFileThatHasChanged_IsNotRead()
    {
        File.WriteAllText(folder["a.jsonl"], "{\"text\":\"a\"}\n");
        File.WriteAllText(folder["b.jsonl"], "{\"text\":\"b\"}\n");
        using RecordSource<string> source = RecordSource.FromFiles([folder.Path], Reads.Text);
        source.Next();
        File.AppendAllText(folder["b.jsonl"], "{\"text\":\"c\"}\n");
        Assert.Contains($"{folder["b.jsonl"]} has 26 bytes now; it had 13", Assert.Throws<IOException>(() => source.Next()).Message, StringComparison.Ordinal);
        File.Delete(folder["b.jsonl"]);
        Assert.Throws<FileNotFoundException>(() => source.Next());
        File.WriteAllText(folder["b.jsonl"], "{\"text\":\"b\"}\n");
        Assert.Equal("b", source.Next());
        Assert.Null(source.Next());
        Assert.Null(source.Next());
        source.Dispose();
        Assert.Throws<ObjectDisposedException>(() => source.Next());
    }

    private static string? Map(DataRecord record) =>
        record.Origin.Number % 9 == 8 ? null : $"{Path.GetFileName(record.Origin.Path)} {record.Shown()}";

    private RecordSource<string> Source(RecordSourceOptions options) => RecordSource.FromFiles([folder.Path], Map, options);

    private void WriteEveryForm()
    {
        string[] lines = [.. Reads.JsonLines(12).Select((line, i) => i is 4 or 11 ? "bad" : i == 6 ? "" : line)];
        byte[] text = string.Join("\r\n", lines).Utf8();
        File.WriteAllBytes(folder["a.jsonl"], [.. "\uFEFF"u8, .. text]);
        File.WriteAllBytes(folder["b.ndjson.gz"], [.. text[..200].Gzip(), .. text[200..].Gzip()]);
        File.WriteAllBytes(folder["c.jsonl.zst"], [.. text.Chunk(90).SelectMany(part => part.Zstd())]);
        string array = new JsonArray([.. Enumerable.Range(0, 11).Select(i => i % 5 == 2 ? (JsonNode)i : new JsonObject { ["n"] = i })]).ToJsonString();
        File.WriteAllText(folder["d.json"], array);
        File.WriteAllBytes(folder["e.json.zst"], [.. array.Utf8().Chunk(13).SelectMany(part => part.Zstd())]);
        File.WriteAllText(folder["f.json"], "{\"n\":\n1}{\"n\":2} {\"n\":3}\n");
        File.WriteAllText(folder["g.txt"], "a\n\nb\nc\n\n\nd\n");
        File.WriteAllText(folder["h.txt"], "");
        File.WriteAllBytes(folder["i.txt.gz"], "a\n\nb\0\n\nc".Utf8().Gzip());
        File.WriteAllText(folder["j.jsonl"], "{\"n\":1}");
    }
}
