using LongContext.Data.Tables;

namespace LongContext.Data.Reading;

public sealed class RecordSourceOptionsTests
{
    [Fact]
    public void Identity_WhatDecidesTheRecords_IsPartOfIt()
    {
        RecordSourceOptions[] options =
        [
            new(),
            new() { BadLines = BadLines.Skip },
            new() { SkipBrokenFiles = true },
            new() { MaximumRecordBytes = 7 },
            new() { TextSplitting = TextSplitting.Paragraphs },
            new() { TextSplitting = TextSplitting.Separator, TextSeparator = "--" },
            new() { TextSplitting = TextSplitting.Separator, TextSeparator = "\n" },
            new() { Tables = new TableOptions { Columns = ["a", "b"] } },
            new() { Tables = new TableOptions { Separator = ';' } },
            new() { Tables = new TableOptions { ColumnNames = ["a", "b"] } },
        ];
        Assert.Equal(options.Length, options.Select(one => one.Identity).Distinct().Count());
    }

    [Fact]
    public void Identity_WhatIsOnlyReported_IsNoPartOfIt() =>
        Assert.Equal(new RecordSourceOptions().Identity, new RecordSourceOptions { ReportedFaults = 3, OnBadLine = _ => { }, MaximumZstdWindow = 1 << 20 }.Identity);
}
