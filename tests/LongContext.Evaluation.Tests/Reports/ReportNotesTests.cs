namespace LongContext.Evaluation.Reports;

public sealed class ReportNotesTests
{
    private static readonly EvaluationReport Report = new()
    {
        Title = "notes", Began = DateTimeOffset.UnixEpoch, Items = [], Tasks = [], Notes = ["<b>m</b> was not asked any more.", "Two of a kind"],
    };

    [Fact]
    public void Write_Notes_StandInEveryForm()
    {
        Assert.Contains("<li>&lt;b&gt;m&lt;/b&gt; was not asked any more.</li>", Report.ToHtml(), StringComparison.Ordinal);
        Assert.Contains("was not asked any more.", Report.ToMarkdown(), StringComparison.Ordinal);
        Assert.Contains("**Two of a kind**", Report.ToMarkdown(), StringComparison.Ordinal);
        Assert.Contains("<b>m</b> was not asked any more.\nTwo of a kind\n", Report.ToText(), StringComparison.Ordinal);
    }

    [Fact]
    public void ReadJsonLines_Notes_ComeBack()
    {
        using StringWriter writer = new();
        Report.WriteJsonLines(writer);
        using StringReader reader = new(writer.ToString());
        Assert.Equal(Report.Notes, EvaluationReport.ReadJsonLines(reader, "notes.jsonl").Notes);
    }

    [Fact]
    public void ToHtml_NoNotes_HasNoListOfThem() => Assert.DoesNotContain("class=\"notes\"", (Report with { Notes = [] }).ToHtml(), StringComparison.Ordinal);
}
