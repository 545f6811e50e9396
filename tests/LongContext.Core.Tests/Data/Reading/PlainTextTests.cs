using LongContext.TestSupport;

namespace LongContext.Data.Reading;

public sealed class PlainTextTests : IDisposable
{
    private readonly TemporaryFolder folder = TestPaths.NewTemporaryFolder();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("\uFEFFOne.\r\n\r\n  Two.\n", "1:One.\r\n\r\n  Two.\n")]
    [InlineData("x", "1:x")]
    [InlineData("")]
    [InlineData(" \r\n\t")]
    public void WholeFile_IsOneRecordAsItIs(string text, params string[] expected) => AssertRecords(text, new RecordSourceOptions(), expected);

    [Theory]
    [InlineData("\uFEFFa\r\n\n b \n\t\nc", "1:a", "3: b ", "5:c")]
    [InlineData("a\rb\n", "1:a\rb")]
    [InlineData("\n\n")]
    public void Lines_AreThoseThatAreNotBlank(string text, params string[] expected) =>
        AssertRecords(text, new RecordSourceOptions { TextSplitting = TextSplitting.Lines }, expected);

    [Theory]
    [InlineData("\uFEFF\n\na\n  b\r\n\t \n\r\nc\r\nd\r\n", "3:a\n  b", "7:c\r\nd")]
    [InlineData("a", "1:a")]
    [InlineData("a\n\n", "1:a")]
    [InlineData(" \n\n")]
    public void Paragraphs_EndAtBlankLines(string text, params string[] expected) =>
        AssertRecords(text, new RecordSourceOptions { TextSplitting = TextSplitting.Paragraphs }, expected);

    [Theory]
    [InlineData("<|e|>", "\uFEFFa<|e|>\nb\n<|e|><|e|> <|e|><|<|e|>c", "1:a", "2:\nb\n", "5:<|", "6:c")]
    [InlineData("aab", "aaaab1aab", "1:aa", "2:1")]
    [InlineData("\n---\n", "a\n---\nb\n--\n---\nc\n---\n", "1:a", "2:b\n--", "3:c")]
    [InlineData("é", "eéè", "1:e", "2:è")]
    [InlineData("x", "xx")]
    public void Separator_IsTakenLiterally(string separator, string text, params string[] expected) =>
        AssertRecords(text, new RecordSourceOptions { TextSplitting = TextSplitting.Separator, TextSeparator = separator }, expected);

    [Fact]
    public void Separator_AcrossBuffers_IsFound()
    {
        // Pieces around the buffer's size of 131,072 bytes.
        string[] pieces = [.. Enumerable.Range(131_040, 60).Select(length => new string('<', length))];
        AssertRecords(string.Join("<|end|>", pieces), new RecordSourceOptions { TextSplitting = TextSplitting.Separator, TextSeparator = "<|end|>" }, [.. pieces.Select((piece, i) => $"{i + 1}:{piece}")]);
    }

    [Theory]
    [InlineData(TextSplitting.WholeFile, 0, "line 3: byte 14 of the text is not UTF-8")]
    [InlineData(TextSplitting.Lines, 2, "line 3: byte 2 is not UTF-8")]
    [InlineData(TextSplitting.Paragraphs, 1, "line 3: byte 2 of the text is not UTF-8")]
    [InlineData(TextSplitting.Separator, 0, "piece 1: byte 14 is not UTF-8")]
    public void BrokenUtf8_IsNamedByItsLine(TextSplitting splitting, int given, string expected)
    {
        File.WriteAllBytes(folder["a.txt"], [.. "first line\n\nab"u8, 0xFF, .. "c\n\nlast"u8]);
        RecordSourceOptions options = new() { TextSplitting = splitting, TextSeparator = splitting == TextSplitting.Separator ? "%%" : null };
        using RecordSource<string> source = RecordSource.FromFiles([folder["a.txt"]], Reads.Text, options);
        if (given > 0) Assert.Equal("first line", source.Next());
        Assert.Contains(expected, Assert.Throws<DataFormatException>(() => source.All()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TextSplitting.WholeFile)]
    [InlineData(TextSplitting.Lines)]
    [InlineData(TextSplitting.Paragraphs)]
    [InlineData(TextSplitting.Separator)]
    public void ByteZero_IsNoText(TextSplitting splitting)
    {
        File.WriteAllText(folder["a.txt"], "a\0b");
        Assert.Contains("is 0, which no text has", Reads.Fault(folder["a.txt"], new RecordSourceOptions { TextSplitting = splitting, TextSeparator = splitting == TextSplitting.Separator ? "%%" : null }).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TextSplitting.WholeFile, "the text is longer than 1000 bytes")]
    [InlineData(TextSplitting.Lines, "line 2: it is longer than 1000 bytes")]
    [InlineData(TextSplitting.Paragraphs, "line 1: the paragraph that begins here is longer than 1000 bytes")]
    [InlineData(TextSplitting.Separator, "piece 1: it is longer than 1000 bytes")]
    public void TooLong_IsABadRecord(TextSplitting splitting, string expected)
    {
        foreach (int length in (int[])[1001, 500_000])
        {
            File.WriteAllText(folder["a.txt"], $"first\n{new string('x', length)}\nthen%%\n\nlast");
            File.WriteAllText(folder["b.txt"], "b");
            List<DataFormatException> faults = [];
            RecordSourceOptions options = new() { TextSplitting = splitting, TextSeparator = splitting == TextSplitting.Separator ? "%%" : null, MaximumRecordBytes = 1000, BadLines = BadLines.Skip, OnBadLine = faults.Add };
            using RecordSource<string> source = RecordSource.FromFiles([folder.Path], Reads.Text, options);
            string[] expectedTexts = splitting switch
            {
                TextSplitting.WholeFile => ["b"],
                TextSplitting.Lines => ["first", "then%%", "last", "b"],
                TextSplitting.Paragraphs => ["last", "b"],
                _ => ["\n\nlast", "b"],
            };
            Assert.Equal(expectedTexts, source.All());
            Assert.Contains(expected, Assert.Single(faults).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Separator_Missing_IsRefusedWithAllOtherFaults()
    {
        File.WriteAllText(folder["a.txt"], "a");
        string message = Assert.Throws<ArgumentException>(() => RecordSource.FromFiles([folder["a.txt"]], new RecordSourceOptions
        {
            TextSplitting = TextSplitting.Separator,
            BadLines = (BadLines)7,
            MaximumBadLines = -1,
            MaximumBadShare = double.NaN,
            ReportedFaults = 1001,
            MaximumRecordBytes = 0,
            MaximumZstdWindow = 1000,
        })).Message;
        foreach (string name in (string[])["TextSeparator", "BadLines is 7", "MaximumBadLines is -1", "MaximumBadShare is NaN", "ReportedFaults is 1001", "MaximumRecordBytes is 0", "MaximumZstdWindow is 1000"])
            Assert.Contains(name, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TextSplitting.WholeFile)]
    [InlineData(TextSplitting.Lines)]
    [InlineData(TextSplitting.Paragraphs)]
    public void Separator_OfAnotherSplitting_IsRefused(TextSplitting splitting)
    {
        File.WriteAllText(folder["a.txt"], "a%%b");
        var fault = Assert.Throws<ArgumentException>(() => RecordSource.FromFiles([folder["a.txt"]], new RecordSourceOptions { TextSplitting = splitting, TextSeparator = "%%" }));
        Assert.Contains($"TextSeparator is given, expected null, as TextSplitting is {splitting}", fault.Message, StringComparison.Ordinal);
    }

    private void AssertRecords(string text, RecordSourceOptions options, string[] expected)
    {
        foreach (string name in (string[])["a.txt", "a.unknown", "a.txt.zst"])
        {
            File.WriteAllBytes(folder[name], name.EndsWith("zst", StringComparison.Ordinal) ? text.Utf8().Zstd() : text.Utf8());
            using RecordSource<DataRecord> source = RecordSource.FromFiles([folder[name]], options);
            List<DataRecord> records = source.All();
            Assert.Equal(expected, records.Select(record => $"{record.Origin.Number}:{record.Text()}"));
            Assert.All(records, record => Assert.Equal("text", Assert.Single(record.Fields).Key));
        }
    }
}
