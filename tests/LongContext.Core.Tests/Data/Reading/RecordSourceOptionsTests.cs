using LongContext.Data.Examples;
using LongContext.Data.Tables;
using LongContext.TestSupport;

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
            new() { Form = DataFileForm.JsonLines },
            new() { Form = DataFileForm.Text },
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

    [Theory]
    [InlineData(DataFileForm.JsonLines, "{\"text\": \"a,b\"}\n{\"text\": \"c\"}\n", "a,b|c")]
    [InlineData(DataFileForm.Json, "[{\"text\": \"a,b\"}, {\"text\": \"c\"}]", "a,b|c")]
    [InlineData(DataFileForm.Csv, "text,id\n\"a,b\",1\nc,2\n", "a,b|c")]
    [InlineData(DataFileForm.Tsv, "text\tid\na,b\t1\nc\t2\n", "a,b|c")]
    [InlineData(DataFileForm.Text, "a,b\nc", "a,b\nc")]
    public void Form_Given_CountsMoreThanTheName(DataFileForm form, string content, string texts)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        foreach (string name in (string[])["part-00000", "part.csv", "part.jsonl", "part.txt"])
        {
            foreach (byte[] bytes in new[] { content.Utf8(), content.Utf8().Zstd(), content.Utf8().Gzip() })
            {
                File.WriteAllBytes(folder[name], bytes);
                using RecordSource<TrainingExample> source = RecordSource.FromFiles([folder["part*"]], ColumnMap.Text(), new RecordSourceOptions { Form = form });
                Assert.Equal(texts, string.Join('|', source.All().Select(example => ((TextExample)example).Text)));
            }

            File.Delete(folder[name]);
        }

        var fault = Assert.Throws<ArgumentException>(() => new RecordSourceOptions { Form = (DataFileForm)9 }.Validate());
        Assert.Contains("Form is 9, expected a value of the enumeration, or null", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Form_OfParquet_IsReadWithoutItsName()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.Copy(Path.Combine(TestPaths.Fixtures, "parquet", "duckdb-zstd.parquet"), folder["part-0"]);
        using RecordSource<DataRecord> source = RecordSource.FromFiles([folder["part-*"]], new RecordSourceOptions { Form = DataFileForm.Parquet });
        Assert.Equal(60, source.All().Count);
    }
}
