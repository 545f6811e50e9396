using LongContext.Data.Examples;
using LongContext.TestSupport;

namespace LongContext.Data.Reading;

/// <summary>What becomes of each kind of odd line, and of the lines around it.</summary>
public sealed class BadLineTests : IDisposable
{
    private readonly TemporaryFolder folder = TestPaths.NewTemporaryFolder();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string, string> Bad => new()
    {
        { "{\"text\":\"a\"", "not valid JSON: Expected depth to be zero at the end of the JSON payload" },
        { "{\"text\":\"a\",}", "not valid JSON: The JSON object contains a trailing comma" },
        { "{\"text\":\"a\"} {}", "not valid JSON" },
        { "{'text':'a'}", "not valid JSON" },
        { "{\"text\":\"a\"}//", "not valid JSON" },
        { "{\"text\":NaN}", "not valid JSON" },
        { "{\"text\":\"a\tb\"}", "not valid JSON" }, // a raw tab
        { "{\"text\":\"a\0b\"}", "not valid JSON: '0x00' is invalid within a JSON string" },
        { "\0", "not valid JSON: '0x00' is an invalid start" },
        { "{\"text\":\"\\x\"}", "not valid JSON: 'x' is an invalid escapable character" },
        { "{\"n\":01}", "not valid JSON" },
        { "{\"n\":1.}", "not valid JSON" },
        { "[]", "expected a JSON object, found an array" },
        { "\"a\"", "expected a JSON object, found a string" },
        { "1e999", "expected a JSON object, found a number" },
        { "null", "expected a JSON object, found null" },
        { "true", "expected a JSON object, found true or false" },
        { "{\"text\":\"a\",\"text\":\"b\"}", "not valid JSON: Duplicate property 'text'" },
        { "{\"text\":\"a\",\"t\\u0065xt\":\"b\"}", "not valid JSON: Duplicate property 'text'" },
        { "{\"text\":\"a\",\"b\":[{\"c\":1,\"c\":2}]}", "not valid JSON: Duplicate property 'c'" },
        { "{\"text\":\"\\ud83d\"}", "an escape in the string at byte 8 is half of a character" },
        { "{\"text\":\"a\",\"b\":[\"\\uDE00x\"]}", "an escape in the string at byte 17 is half of a character" },
        { "{\"\\ud83d\":1}", "an escape in the string at byte 1 is half of a character" },
        { "{\"text\":\"\\ude00\\ud83d\"}", "half of a character" },
        { "{\"text\":\"a\",\"b\":" + new string('[', 64) + new string(']', 64) + "}", "not valid JSON: The maximum configured depth of 64" },
        { new string('[', 100_000), "not valid JSON: The maximum configured depth of 64" },
        { "{}", "there is no field \"text\"" },
        { "{\"text\":3}", "the field \"text\" is a number, expected a string" },
        { "\uFEFF{\"text\":\"a\"}", "not valid JSON" }, // a mark that is not at the file's beginning
    };

    public static TheoryData<string, string> Good => new()
    {
        { "{\"text\":\"a\"}\r", "a" },
        { "\t {\"text\" : \"a\"}  \t\r", "a" },
        { "{\"text\":\"a\\u0000b\"}", "a\0b" },
        { "{\"text\":\"\\ud83d\\ude00 \\\\ud83d\"}", "😀 \\ud83d" },
        { "{\"te\\u0078t\":\"a\"}", "a" },
        { "{\"text\":\"a\",\"n\":1e999}", "a" },
        { "{\"text\":\"a\",\"n\":" + new string('9', 5000) + "}", "a" },
        { "{\"text\":\"a\",\"b\":" + new string('[', 63) + new string(']', 63) + "}", "a" },
        { "{\"text\":\"\u2028\u0085\"}", "\u2028\u0085" }, // line ends for some, not for JSON lines
        { "{\"text\":\"a\",\"\":1,\"\\u0000\":2}", "a" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void BadLine_Stop_SaysFileAndLineAndStandsBeforeIt(string line, string expected)
    {
        using RecordSource<string> source = Source($"{{\"text\":\"1\"}}\n\n{line}\n{{\"text\":\"2\"}}\n", new RecordSourceOptions());
        Assert.Equal(["1"], source.All(1));
        for (int time = 0; time < 2; time++)
        {
            DataFormatException fault = Assert.Throws<DataFormatException>(() => source.Next());
            Assert.StartsWith($"{folder["a.jsonl"]}, line 3: ", fault.Message, StringComparison.Ordinal);
            Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
            Assert.Equal((folder["a.jsonl"], 3), (fault.Path, fault.LineNumber));
        }
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void BadLine_Skip_IsCountedAndTheOthersAreGiven(string line, string expected)
    {
        List<DataFormatException> faults = [];
        using RecordSource<string> source = Source($"{line}\n{{\"text\":\"1\"}}\n{line}\n{{\"text\":\"2\"}}\n{line}", new RecordSourceOptions { BadLines = BadLines.Skip, OnBadLine = faults.Add });
        // At the file's very beginning a byte order mark is no fault.
        int begin = line.StartsWith('\uFEFF') ? 1 : 0;
        Assert.Equal(begin == 1 ? ["a", "1", "2"] : ["1", "2"], source.All());
        Assert.Equal(new long?[] { 1, 3, 5 }[begin..], faults.Select(fault => fault.LineNumber));
        Assert.All(faults, fault => Assert.Contains(expected, fault.Message, StringComparison.Ordinal));
        Assert.Equal(3 - begin, source.Report.BadLines);
        Assert.Equal(faults.Select(fault => fault.Message), source.Report.Faults);
        Assert.Equal(2 + begin, source.Report.Records);
    }

    [Theory]
    [MemberData(nameof(Good))]
    public void GoodLine_OfAnOddKind_IsGiven(string line, string expected)
    {
        using RecordSource<string> source = Source($"{line}\n\n \t\r\n{line}", new RecordSourceOptions());
        Assert.Equal([expected, expected], source.All());
    }

    [Theory]
    [InlineData(new byte[] { 0xC3, 0x28 }, 0)]
    [InlineData(new byte[] { (byte)'a', 0x80 }, 1)] // a byte that continues nothing
    [InlineData(new byte[] { 0xC0, 0xAF }, 0)] // an overlong slash
    [InlineData(new byte[] { 0xED, 0xA0, 0xBD }, 0)] // half of a pair, as CESU-8 would write it
    [InlineData(new byte[] { 0xF5, 0x80, 0x80, 0x80 }, 0)] // beyond U+10FFFF
    [InlineData(new byte[] { (byte)'a', (byte)'b', 0xE2, 0x82 }, 2)] // cut short
    public void BrokenUtf8_InAnyField_IsABadLine(byte[] bytes, int at)
    {
        File.WriteAllBytes(folder["a.jsonl"], [.. "{\"text\":\"1\"}\n{\"text\":\"2\",\"other\":\""u8, .. bytes, .. "\"}\n{\"text\":\"3\"}"u8]);
        // {"text":"2","other":" are 21 bytes.
        List<DataFormatException> faults = [];
        Assert.Equal(["1", "3"], Reads.Texts(folder["a.jsonl"], new RecordSourceOptions { BadLines = BadLines.Skip, OnBadLine = faults.Add }));
        Assert.EndsWith($"a.jsonl, line 2: byte {21 + at} is not UTF-8.", Assert.Single(faults).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Line_AboveTheLimit_IsPassedWithoutBeingKept()
    {
        // Exactly the limit is allowed: {"text":"…"} is 11 bytes and its letters.
        RecordSourceOptions options = new() { BadLines = BadLines.Skip, MaximumRecordBytes = 300_011 };
        string[] lines = [.. ((int[])[5, 300_000, 300_001, 3_000_000, 7]).Select(length => $"{{\"text\":\"{new string('x', length)}\"}}")];
        foreach (string end in (string[])["\n", ""])
        {
            using RecordSource<string> source = Source(string.Join('\n', lines) + end, options);
            Assert.Equal([5, 300_000, 7], source.All().Select(text => text.Length));
            Assert.Equal([3, 4], source.Report.Faults.Select(fault => int.Parse(fault.Split("line ")[1].Split(':')[0], null)));
        }
    }

    [Fact]
    public void BadLines_MoreThanTheMaximum_AreThrown()
    {
        string text = string.Concat(Enumerable.Range(0, 50).Select(i => i % 5 == 4 ? "bad\n" : $"{{\"text\":\"{i}\"}}\n"));
        using RecordSource<string> source = Source(text, new RecordSourceOptions { BadLines = BadLines.Skip, MaximumBadLines = 3, ReportedFaults = 2 });
        List<string> given = [];
        void Read()
        {
            while (source.Next() is { } next) given.Add(next);
        }

        DataFormatException fault = Assert.Throws<DataFormatException>(Read);
        Assert.StartsWith($"{folder["a.jsonl"]}, line 20: not valid JSON: ", fault.Message, StringComparison.Ordinal);
        Assert.Equal(1, fault.Message.Split("a.jsonl").Length - 1);
        Assert.Contains("more than the 3 that MaximumBadLines allows", fault.Message, StringComparison.Ordinal);
        Assert.Equal(20, fault.LineNumber);
        Assert.Equal(16, given.Count);
        Assert.Equal((3, 2), (source.Report.BadLines, source.Report.Faults.Count));
        Assert.EndsWith("and 1 more", source.Report.ToString(), StringComparison.Ordinal);
        Assert.Throws<DataFormatException>(Read);

        // A source that allows more goes on where this one stopped.
        using RecordSource<string> patient = Source(text, new RecordSourceOptions { BadLines = BadLines.Skip });
        patient.Restore(source.Capture().ThroughAFile());
        Assert.Equal(24, patient.All().Count);
        Assert.Equal(10, patient.Report.BadLines);
    }

    [Theory]
    [InlineData(0.05, null)] // every 20th line is bad: never more than 0.05
    [InlineData(0.0499, 1000)] // 50 > 49.9 at line 1000, the first at which it is looked at
    public void BadLines_MoreThanTheShare_AreThrown(double share, int? line)
    {
        string text = string.Concat(Enumerable.Range(1, 2000).Select(i => i % 20 == 0 ? "bad\n" : "{\"text\":\"x\"}\n"));
        using RecordSource<string> source = Source(text, new RecordSourceOptions { BadLines = BadLines.Skip, MaximumBadShare = share });
        if (line is null)
        {
            Assert.Equal(1900, source.All().Count);
            return;
        }

        DataFormatException fault = Assert.Throws<DataFormatException>(() => source.All());
        Assert.Equal(line, fault.LineNumber);
        Assert.Contains("50 of 1000, more than the share of 0.0499 that MaximumBadShare allows", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Map_ThatFails_IsABadLine()
    {
        string text = string.Join('\n', "{\"n\":1}", "{}", "{\"n\":\"x\"}", "{\"n\":3}", "{\"n\":null}", "{\"n\":1e99}");
        File.WriteAllText(folder["a.jsonl"], text);
        using RecordSource<string> source = RecordSource.FromFiles(
            [folder["a.jsonl"]], record => record.Fields["n"]!.GetValue<int>() == 1 ? "one" : throw new DataFormatException("not one"), new RecordSourceOptions { BadLines = BadLines.Skip });
        Assert.Equal(["one"], source.All());
        Assert.Equal(5, source.Report.BadLines);
        Assert.All(source.Report.Faults.Index(), fault => Assert.Contains($"a.jsonl, line {fault.Index + 2}: ", fault.Item, StringComparison.Ordinal));
        Assert.EndsWith("line 4: not one", source.Report.Faults[2], StringComparison.Ordinal);
        Assert.Contains("the map failed", source.Report.Faults[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Map_WithAFaultOfItsOwn_IsThrownWhateverIsAsked()
    {
        File.WriteAllText(folder["a.jsonl"], "{\"n\":1}\n{\"n\":2}");
        int calls = 0;
        using RecordSource<DataRecord> source = RecordSource.FromFiles(
            [folder["a.jsonl"]], record => ++calls == 1 ? throw new TimeoutException("a service") : record, new RecordSourceOptions { BadLines = BadLines.Skip });
        Assert.Throws<TimeoutException>(() => source.Next());
        Assert.Equal(["1:{\"n\":1}", "2:{\"n\":2}"], source.All().Select(record => record.Shown()));
    }

    [Fact]
    public void Map_ThatReadsABrokenFile_IsABadLineOfThisOne()
    {
        File.WriteAllBytes(folder["other.jsonl.gz"], "{\"text\":\"x\"}".Utf8().Gzip()[..^9]);
        File.WriteAllText(folder["a.jsonl"], "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
        foreach (bool skipsFiles in (bool[])[false, true])
        {
            using RecordSource<DataRecord> source = RecordSource.FromFiles(
                [folder["a.jsonl"]],
                record => (int)record.Fields["n"]! == 2 && TextDocuments.Read(folder["other.jsonl.gz"]).First().Length == 0 ? null : record,
                new RecordSourceOptions { BadLines = BadLines.Skip, SkipBrokenFiles = skipsFiles });
            Assert.Equal([1L, 3], source.All().Select(record => record.Origin.Number));
            Assert.StartsWith($"{folder["a.jsonl"]}, line 2: {folder["other.jsonl.gz"]}", Assert.Single(source.Report.Faults), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Map_WithAnyFaultOfTheMachine_IsThrownWhateverIsAsked()
    {
        File.WriteAllText(folder["a.jsonl"], "{\"n\":1}\n{\"n\":2}");
        RecordSourceOptions skip = new() { BadLines = BadLines.Skip, SkipBrokenFiles = true };
        foreach (Exception fault in (Exception[])[
            new IOException(), new FileNotFoundException(), new UnauthorizedAccessException(), new InsufficientMemoryException(), new ObjectDisposedException("a"),
            new OperationCanceledException(), new TaskCanceledException(), new AggregateException(), new NotSupportedException(), new HttpRequestException()])
        {
            bool thrown = false;
            using RecordSource<DataRecord> source = RecordSource.FromFiles([folder["a.jsonl"]], record => thrown || record.Origin.Number == 1 ? record : throw fault, skip);
            source.Next();
            Assert.Same(fault, Assert.Throws(fault.GetType(), () => source.Next()));
            thrown = true;
            Assert.Equal(2, source.Next()!.Origin.Number);
            Assert.Equal(0, source.Report.BadLines);
        }
    }

    [Fact]
    public void Fault_ThatQuotesALongText_IsShortened()
    {
        string name = string.Concat(Enumerable.Repeat("😀", 500_000));
        File.WriteAllText(folder["a.jsonl"], $"{{\"{name}\":1}}\n{{\"text\":\"1\"}}");
        using RecordSource<TrainingExample> source = RecordSource.FromFiles([folder["a.jsonl"]], ColumnMap.Text(), new RecordSourceOptions { BadLines = BadLines.Skip });
        Assert.Single(source.All());
        string fault = Assert.Single(source.Report.Faults);
        Assert.InRange(fault.Length, 2000, 2200 + folder.Path.Length);
        Assert.Contains(" characters)…", fault, StringComparison.Ordinal);
        Assert.Equal(fault, System.Text.Encoding.UTF8.GetString(new System.Text.UTF8Encoding(false, true).GetBytes(fault)));
        source.Capture().ThroughAFile();
    }

    [Theory]
    [InlineData("an object of a million names", 1)]
    [InlineData("an array of a million numbers", 1)]
    [InlineData("a million objects, each with its own names", 1)]
    [InlineData("a million empty lists, 63 deep", 1)]
    [InlineData("a million escaped names", 1)]
    [InlineData("one name a million times", 0)]
    public void Line_OfAMillionParts_TakesTimeAndMemoryAsItsLength(string what, int records)
    {
        const int count = 1_000_000;
        string List(Func<int, string> part) => string.Join(',', Enumerable.Range(0, count).Select(part));
        string line = what switch
        {
            "an object of a million names" => $"{{\"text\":\"a\",{List(i => $"\"{i}\":0")}}}",
            "an array of a million numbers" => $"{{\"text\":\"a\",\"b\":[{List(i => "0")}]}}",
            "a million objects, each with its own names" => $"{{\"text\":\"a\",\"b\":[{List(i => $"{{\"{i}\":0,\"b\":1}}")}]}}",
            "a million empty lists, 63 deep" => $"{{\"text\":\"a\",\"b\":{new string('[', 62)}{List(i => "[]")}{new string(']', 62)}}}",
            "a million escaped names" => $"{{\"text\":\"a\",{List(i => $"\"\\u0061\\ud83d\\ude00{i}\":0")}}}",
            _ => $"{{\"text\":\"a\",{List(i => "\"b\":0")}}}",
        };
        using RecordSource<string> source = Source(line + "\n" + line, new RecordSourceOptions { BadLines = BadLines.Skip, MaximumBadShare = 1 });
        using CancellationTokenSource tooLong = new(TimeSpan.FromSeconds(60));
        long before = GC.GetAllocatedBytesForCurrentThread();
        int given = 0;
        while (source.Next(tooLong.Token) is not null) given++;
        Assert.Equal((2 * records, 2 - (2 * records)), (given, source.Report.BadLines));
        // What is quadratic in a million takes a million times as much.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2L << 30);
    }

    [Fact]
    public void Line_OfMoreValuesThanCanBeHeld_IsABadLine()
    {
        // Parsed, it would be an OutOfMemoryException from 178 million values on, which ends every job.
        using (StreamWriter file = File.CreateText(folder["a.jsonl"]))
        {
            file.Write("{\"text\":\"1\"}\n{\"a\":[0");
            string part = string.Concat(Enumerable.Repeat(",0", 1_000_000));
            for (int i = 0; i < 100; i++) file.Write(part);
            file.Write("]}\n{\"text\":\"3\"}\n");
        }

        using RecordSource<string> source = RecordSource.FromFiles([folder["a.jsonl"]], Text, new RecordSourceOptions { BadLines = BadLines.Skip });
        Assert.Equal(["1", "3"], source.All());
        Assert.Contains("line 2: it has more than 100000000 values and names.", Assert.Single(source.Report.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void BrokenFile_Skipped_IsOneBadLineAndTheNextFileIsRead()
    {
        File.WriteAllBytes(folder["a.jsonl.gz"], string.Concat(Reads.JsonLines(5000).Select(line => line + "\n")).Utf8().Gzip()[..^200]);
        File.WriteAllText(folder["b.jsonl"], "{\"text\":\"last\"}");
        RecordSourceOptions skip = new() { BadLines = BadLines.Skip };
        using RecordSource<string> stops = RecordSource.FromFiles([folder.Path], Reads.Text, skip);
        Assert.Contains("cut short", Assert.Throws<DataFormatException>(() => stops.All()).Message, StringComparison.Ordinal);
        using RecordSource<string> goesOn = RecordSource.FromFiles([folder.Path], Reads.Text, new RecordSourceOptions { BadLines = BadLines.Skip, SkipBrokenFiles = true });
        Assert.Equal("last", goesOn.All()[^1]);
        Assert.Equal((1, 2), (goesOn.Report.BadLines, goesOn.Report.FilesRead));
        Assert.InRange(goesOn.Report.Records, 3000, 5000);
    }

    private RecordSource<string> Source(string text, RecordSourceOptions options)
    {
        File.WriteAllBytes(folder["a.jsonl"], text.Utf8());
        return RecordSource.FromFiles([folder["a.jsonl"]], Text, options);
    }

    private static string Text(DataRecord record) => record.Fields["text"] is not { } text
        ? throw new DataFormatException("there is no field \"text\"")
        : text.GetValueKind() == System.Text.Json.JsonValueKind.String ? text.GetValue<string>() : throw new DataFormatException($"the field \"text\" is {JsonRecords.Describe(text.GetValueKind())}, expected a string");
}
