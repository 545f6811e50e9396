using LongContext.Data.Examples;
using LongContext.Data.Operators;
using LongContext.Data.Reading;
using LongContext.TestSupport;

namespace LongContext.Data.Making;

public sealed class ChapterSummaryTests
{
    [Theory]
    // The forms in which BookSum is published: one row a summary, an array of objects, the authors' own script (paragraphs and sentences), arrays of strings.
    [InlineData("""{"bid": 27, "book_id": "Far.chapter 1", "chapter": "It rained.", "summary_text": "Rain.", "summary": "{'name': 'x'}"}""", "It rained.", "Rain.", "27")] // a book_id names the chapter too
    [InlineData("""{"bid": 27, "chapter": "It rained.", "summary": "Rain."}""", "It rained.", "Rain.", "27")]
    [InlineData("""{"book_title": "Far", "text": "It rained.", "summary": [{"source": "a", "text": "Rain.", "analysis": "none"}, {"source": "b", "text": " "}, {"source": "c", "text": "Wet."}]}""", "It rained.", "Rain.|Wet.", "Far")]
    [InlineData("""{"bid": "27", "text": ["It rained.", "It stopped."], "summary": ["Rain.", "Then sun."]}""", "It rained.\nIt stopped.", "Rain. Then sun.", "27")]
    [InlineData("""{"chapter": "It rained.", "summaries": ["Rain.", "Wet."]}""", "It rained.", "Rain.|Wet.", null)]
    [InlineData("""{"book_id": 3, "chapters_text": "It rained.", "chapter_summary": "Rain."}""", "It rained.", "Rain.", "3")]
    public void Read_PublishedForms_FindsChapterAndSummaries(string json, string chapter, string summaries, string? book)
    {
        ChapterSummaries read = ChapterSummaries.Read(Records.Of(json));
        Assert.Equal((chapter, summaries, book, 7), (read.Chapter, string.Join('|', read.Summaries), read.BookId, read.Origin!.Number));
    }

    [Theory]
    [InlineData("""{"summary": "s"}""", "there is no chapter: expected one of the fields \"chapter\", \"text\"")]
    [InlineData("""{"chapter": "c", "other": 1}""", "there is no summary: expected one of the fields \"summary_text\", \"summary\", \"summaries\", \"chapter_summary\"; found \"chapter\", \"other\"")]
    [InlineData("""{"chapter": " ", "summary": "s"}""", "\"chapter\" is empty")]
    [InlineData("""{"chapter": "c", "summary": [" "]}""", "\"summary\" holds no summary with text")]
    [InlineData("""{"chapter": "c", "summary": []}""", "\"summary\" is an empty array")]
    [InlineData("""{"chapter": "c", "summary": [{"analysis": "a"}]}""", "there is no field \"summary[0].text\"; found \"analysis\"")]
    [InlineData("""{"chapter": {}, "summary": "s"}""", "\"chapter\" is an object, expected a string")]
    public void Read_BadRecord_NamesFileLineAndField(string json, string fault)
    {
        string message = Assert.Throws<DataFormatException>(() => ChapterSummaries.Read(Records.Of(json))).Message;
        Assert.StartsWith("data.jsonl, line 7: ", message, StringComparison.Ordinal);
        Assert.Contains(fault, message, StringComparison.Ordinal);
    }

    /// <summary>A fault is named by what the file has: elements of an array, rows of a table.</summary>
    [Fact]
    public void Read_BadElement_NamesElementInsteadOfLine()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllText(folder["books.json"], """[{"chapter": "a", "summary": "b"}, {"book": "c"}]""");
        using RecordSource<ChapterSummaries> source = RecordSource.FromFiles([folder["books.json"]], ChapterSummaries.Read);
        source.Next(TestContext.Current.CancellationToken);
        var fault = Assert.Throws<DataFormatException>(() => source.Next(TestContext.Current.CancellationToken));
        Assert.StartsWith($"{folder["books.json"]}, element 2: there is no chapter", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Make_Defaults_AreTogethersForm()
    {
        ChapterSummaries chapter = new("It {text} rained.", ["Rain.", "Wet."]) { BookId = "Far" };
        IReadOnlyList<PromptExample> made = new ChapterSummaryMaker().Make(chapter, 0);
        Assert.Equal("Chapter: It {text} rained.\n\nQ: Can you write an appropriate summary of the above paragraphs?\n\nA:", made[0].Prompt);
        Assert.Equal([" Rain.", " Wet."], made.Select(example => example.Completion));
        Assert.Equal(("1", "Far"), (made[1].Properties["summary"], made[1].Properties["book"]));
        Assert.Equal("Chapter: It {text} rained.\n\nQ: Can you write an appropriate summary of the above paragraphs?\nA:", new ChapterSummaryMaker(new ChapterSummaryOptions { Template = ChapterSummaryOptions.TrainingFileTemplate }).Make(chapter, 0)[0].Prompt);
    }

    [Fact]
    public void Make_Choices_TakeOneOrAll()
    {
        ChapterSummaries chapter = new("c", ["0", "1", "2"]);
        Assert.Equal(" 0", Assert.Single(new ChapterSummaryMaker(new ChapterSummaryOptions { Choice = SummaryChoice.First }).Make(chapter, 4)).Completion);
        ChapterSummaryMaker drawing = new(new ChapterSummaryOptions { Choice = SummaryChoice.OneAtRandom });
        int[] counts = new int[3];
        for (int i = 0; i < 900; i++) counts[int.Parse(Assert.Single(drawing.Make(chapter, i)).Completion, null)]++;
        Assert.All(counts, count => Assert.InRange(count, 230, 370)); // 300 ± 5·√(900·2/9)
        Assert.Throws<ArgumentException>("chapter", () => drawing.Make(new ChapterSummaries("c", []), 0));
        string message = Assert.Throws<ArgumentException>(() => new ChapterSummaryMaker(new ChapterSummaryOptions { Template = "none", BeforeSummary = null!, Choice = (SummaryChoice)7 })).Message;
        foreach (string part in (string[])["Template is \"none\"", "BeforeSummary is null", "Choice is 7"]) Assert.Contains(part, message, StringComparison.Ordinal);
    }

    [Fact]
    public void AskForSummaries_AsOperator_Resumes()
    {
        ChapterSummaries[] chapters = [.. Enumerable.Range(0, 5).Select(i => new ChapterSummaries($"c{i}", [.. Enumerable.Range(0, 1 + (i % 3)).Select(j => $"s{i}{j}")]))];
        Assert.Equal(9, Walks.AssertResumesAnywhere(() => DataSource.FromList(chapters, seed: null).AskForSummaries()).Count);
    }
}
