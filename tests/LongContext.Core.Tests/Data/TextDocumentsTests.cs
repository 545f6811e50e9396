using System.Text;
using LongContext.TestSupport;

namespace LongContext.Data;

public sealed class TextDocumentsTests
{
    [Theory]
    [InlineData("a.jsonl")]
    [InlineData("a.JSONL")]
    [InlineData("a.ndjson")]
    [InlineData("a.json-lines")]
    public void Read_JsonLines_OneDocumentALine(string name) =>
        Assert.Equal(["one", "two\nlines", "drei 😀"], Read(name, """
            {"text": "one", "n": 1}
            {"n": 2, "text": "two\nlines"}

            {"text": "drei \ud83d\ude00"}
            """));

    [Fact]
    public void Read_OtherField_IsTakenByName() => Assert.Equal(["b"], Read("a.jsonl", """{"text": "a", "body": "b"}""", "body"));

    [Fact]
    public void Read_WindowsLineEndsAndByteOrderMark_AreSkipped() =>
        Assert.Equal(["a", "b"], Read("a.jsonl", "\uFEFF{\"text\":\"a\"}\r\n{\"text\":\"b\"}\r\n\r\n"));

    [Fact]
    public void Read_LinesLongerThanTheBuffer_AreWhole()
    {
        Random random = new(1);
        string[] texts = [.. Enumerable.Range(0, 40).Select(i => new string((char)('a' + (i % 26)), random.Next(1, 200_000)))];
        Assert.Equal(texts, Read("a.jsonl", string.Join('\n', texts.Select(text => $"{{\"text\":\"{text}\"}}"))));
    }

    [Fact]
    public void Read_PlainText_IsOneDocument() => Assert.Equal(["Whole text.\n\nAs it is.\n"], Read("a.txt", "\uFEFFWhole text.\n\nAs it is.\n"));

    [Theory]
    [InlineData("{\"text\":\"a\"}\n{\"text\": \"b\"", "line 2: not valid JSON")]
    [InlineData("\n\n{\"text\":3}", "line 3: the field \"text\" is a number")]
    [InlineData("{\"text\":null}", "line 1: the field \"text\" is null")]
    [InlineData("{\"body\":\"x\"}", "line 1: there is no field \"text\"; found \"body\"")]
    [InlineData("{}", "line 1: there is no field \"text\"")]
    [InlineData("[1]", "line 1: expected a JSON object, found an array")]
    [InlineData("{\"text\":\"\"}", "line 1: the field \"text\" is empty")]
    [InlineData("{\"text\":\"\\ud83d\"}", "line 1: the text is not valid Unicode")]
    [InlineData("", "the data set is empty")]
    [InlineData("\n \n", "the data set is empty")]
    public void Read_BadJsonLines_NamesFileAndLine(string content, string expected)
    {
        DataFormatException fault = Assert.Throws<DataFormatException>(() => Read("bad.jsonl", content));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.Contains("bad.jsonl", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.jsonl", 2)]
    [InlineData("a.txt", 2)]
    public void Read_BrokenUtf8_NamesTheLine(string name, int line)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder[name], [.. Encoding.UTF8.GetBytes("{\"text\":\"a\"}\n{\"text\":\"a"), 0xC3, 0x28, .. "\"}"u8]);
        DataFormatException fault = Assert.Throws<DataFormatException>(() => TextDocuments.Read(folder[name]).ToArray());
        Assert.Equal(line, fault.LineNumber);
        Assert.Equal(folder[name], fault.Path);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n\t")]
    public void Read_EmptyText_Throws(string content) =>
        Assert.Contains("empty", Assert.Throws<DataFormatException>(() => Read("a.txt", content)).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_NoSuchFile_ThrowsAtOnce() =>
        Assert.Contains("/nowhere/a.txt", Assert.Throws<FileNotFoundException>(() => TextDocuments.Read("/nowhere/a.txt")).Message, StringComparison.Ordinal);

    private static string[] Read(string name, string content, string field = "text")
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllText(folder[name], content);
        return [.. TextDocuments.Read(folder[name], field)];
    }
}
