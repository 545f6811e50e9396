using System.IO.Compression;
using System.Text;
using System.Text.Json;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Positions;
using LongContext.TestSupport;

namespace LongContext.Samples.Tests;

/// <summary>samples/MultiDocumentQA and samples/BookSummarization, started as a user starts them.</summary>
public sealed class ReadingSamplesTests
{
    private static readonly string WordModel = Path.Combine(TestPaths.RepositoryRoot ?? "", "samples", "QuickStart", "BaseModel");

    public static TheoryData<string> Samples => ["MultiDocumentQA", "BookSummarization"];

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task Run_UnusableArguments_EndsWithOneLineThatSaysWhy(string sample)
    {
        Assert.SkipWhen(TestPaths.RepositoryRoot is null, "not in the repository");
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        await File.WriteAllTextAsync(folder["bad.jsonl"], "\n{\"question\": \"who\", \"chapter\": \"one\"}\n", TestContext.Current.CancellationToken);
        await AssertError("go together", "--model", WordModel);
        await AssertError("go together", "--data", folder["bad.jsonl"]);
        await AssertError("--context without --model", "--context", "512");
        await AssertError("line 2", "--model", WordModel, "--data", folder["bad.jsonl"]);
        await AssertError(folder["nowhere"], "--model", folder["nowhere"], "--data", folder["bad.jsonl"]);
        foreach (string option in (string[])["--held-out", "--epochs", "--packs", sample == "MultiDocumentQA" ? "--answer-tokens" : "--summary-tokens"])
            await AssertError($"{option} is 0, expected at least 1", option, "0", "--model", WordModel, "--data", folder["bad.jsonl"]);
        string count = sample == "MultiDocumentQA" ? "--questions" : "--chapters";
        await AssertError($"{count} is -1, expected at least 1", count, "-1");
        await AssertError("--tokens is 0, expected at least 10000", "--tokens", "0");
        await AssertError("from", sample == "MultiDocumentQA" ? ["--documents", "20", "200"] : ["--lengths", "20"]);

        async Task AssertError(string expected, params string[] arguments)
        {
            SampleProgram.Outcome run = await SampleProgram.RunAsync(sample, [.. arguments, "--output", folder["out"]]);
            run.AssertRefusal(expected);
            Assert.False(Directory.Exists(folder["out"]));
        }
    }

    [Fact]
    public async Task MultiDocumentQA_LittleTuning_WritesReportAndExtendedModel()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SampleProgram.Outcome run = await SampleProgram.RunAsync("MultiDocumentQA", "--tokens", "120000", "--questions", "3", "--documents", "8", "4", "--output", folder.Path);
        Assert.True(run.ExitCode == 0, run.Error);
        JsonElement[] tables = Tables(folder.Path);
        Assert.Equal(["as it is: a window of 256 tokens", "linear ×8 without fine-tuning", "linear ×8 fine-tuned on documents and questions"], tables.Select(table => table.GetProperty("name").GetString()));
        Assert.All(tables, table => Assert.Equal(["4", "8"], table.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("name").GetString())));
        // The mean is that of the five places, and the answer is not to be had without its document.
        foreach (double[] values in tables.SelectMany(table => new[] { Values(table, "4"), Values(table, "8") }))
        {
            Assert.Equal(7, values.Length);
            Assert.Equal(values.Take(5).Average(), values[5], 1e-12);
            Assert.Equal(0, values[6]);
        }

        await AssertModelAndPage(folder);
    }

    [Fact]
    public async Task BookSummarization_LittleTuning_WritesReportAndExtendedModel()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SampleProgram.Outcome run = await SampleProgram.RunAsync("BookSummarization", "--tokens", "120000", "--chapters", "3", "--lengths", "512", "256", "--output", folder.Path);
        Assert.True(run.ExitCode == 0, run.Error);
        JsonElement[] tables = Tables(folder.Path);
        Assert.Equal(["ROUGE-1", "ROUGE-2", "ROUGE-L"], tables.Select(table => table.GetProperty("name").GetString()));
        foreach (JsonElement table in tables)
        {
            Assert.Equal(["256", "512"], table.GetProperty("columns").EnumerateArray().Select(column => column.GetString()));
            Assert.Equal(5, table.GetProperty("rows").GetArrayLength());
            // The chapter opens with the first key sentence: some of the summary is in its first words, and the rest of it is not.
            Assert.All(Values(table, "lead: the chapter's first words"), value => Assert.InRange(value, 0.05, 0.7));
        }

        await AssertModelAndPage(folder);
    }

    [Fact]
    public async Task MultiDocumentQA_FolderAndOfficialFile_MeasuresTunesAndMeasures()
    {
        Assert.SkipWhen(TestPaths.RepositoryRoot is null, "not in the repository");
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        var lines = new StringBuilder();
        // The last two are held out, and are not trained on where they stand a second time, as they do in the files of other places of the gold document.
        foreach (int i in (int[])[8, 9, .. Enumerable.Range(0, 10)])
        {
            lines.AppendLine(JsonSerializer.Serialize(new
            {
                question = $"garden river {i}",
                answers = new[] { "lamp", "lamps" },
                ctxs = Enumerable.Range(0, 4).Select(d => new { title = $"river {d}", text = d == 2 ? "the lamp of oak" : "window boots", isgold = d == 2, hasanswer = d == 2 }),
            }));
        }

        await using (var file = new GZipStream(File.Create(folder["nq-open.jsonl.gz"]), CompressionLevel.Fastest)) await file.WriteAsync(Encoding.UTF8.GetBytes(lines.ToString()), TestContext.Current.CancellationToken);
        SampleProgram.Outcome narrow = await SampleProgram.RunAsync("MultiDocumentQA", "--model", WordModel, "--data", folder["nq-open.jsonl.gz"], "--context", "16", "--answer-tokens", "1", "--output", folder["out"]);
        narrow.AssertRefusal("None of the 8 training examples fits a context of 16 tokens");
        SampleProgram.Outcome run = await SampleProgram.RunAsync(
            "MultiDocumentQA", "--model", WordModel, "--data", folder["nq-open.jsonl.gz"], "--context", "512", "--documents", "2", "4", "--epochs", "1", "--packs", "1", "--answer-tokens", "6", "--output", folder["out"]);
        Assert.True(run.ExitCode == 0, run.Error);
        JsonElement[] tables = Tables(folder["out"]);
        Assert.Equal(["as it is", "fine-tuned"], tables.Select(table => table.GetProperty("name").GetString()));
        Assert.Contains("8 examples", run.Output, StringComparison.Ordinal); // a fifth is held out, here twice
        Assert.Equal(512, ModelConfig.Load(Path.Combine(folder["out"], "model")).MaxPositionEmbeddings);
        using JsonDocument report = SampleProgram.ReadReport(folder["out"]);
        Assert.Equal("lamp", report.RootElement.GetProperty("examples")[0].GetProperty("texts").GetProperty("right").GetString());
        Assert.Contains("2 questions", report.RootElement.GetProperty("explanation").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BookSummarization_FolderAndChapters_MeasuresOnly()
    {
        Assert.SkipWhen(TestPaths.RepositoryRoot is null, "not in the repository");
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string chapter = string.Join(' ', Enumerable.Repeat("river oak lamp window boots", 100));
        await File.WriteAllLinesAsync(folder["booksum.jsonl"], Enumerable.Range(0, 5).Select(_ => JsonSerializer.Serialize(new { chapter, summary_text = "river oak lamp" })), TestContext.Current.CancellationToken);
        SampleProgram.Outcome run = await SampleProgram.RunAsync(
            "BookSummarization", "--model", WordModel, "--data", folder["booksum.jsonl"], "--measure-only", "--summary-tokens", "20", "--held-out", "2", "--output", folder["out"]);
        Assert.True(run.ExitCode == 0, run.Error);
        JsonElement table = Assert.Single(Tables(folder["out"]));
        Assert.Equal([1.0, 1, 1, 1], Values(table, "lead: the chapter's first words"));
        Assert.Equal(2, table.GetProperty("rows").GetArrayLength());
        Assert.False(Directory.Exists(Path.Combine(folder["out"], "model")));
    }

    internal static JsonElement[] Tables(string folder)
    {
        using JsonDocument report = SampleProgram.ReadReport(folder);
        return [.. report.RootElement.GetProperty("tables").EnumerateArray().Select(table => table.Clone())];
    }

    internal static double[] Values(JsonElement table, string row) =>
        [.. table.GetProperty("rows").EnumerateArray().Single(one => one.GetProperty("name").GetString() == row).GetProperty("values").EnumerateArray().Select(value => value.GetDouble())];

    private static async Task AssertModelAndPage(TemporaryFolder folder)
    {
        ModelConfig saved = ModelConfig.Load(folder["model"]);
        Assert.Equal((RopeScaling.Linear(8), 2048), (saved.RopeScaling, saved.MaxPositionEmbeddings));
        using CausalLanguageModel model = CausalLanguageModel.Load(folder["model"]);
        Assert.True(File.Exists(Path.Combine(folder["model"], "tokenizer.json")));
        string page = await File.ReadAllTextAsync(folder["report.html"], TestContext.Current.CancellationToken);
        Assert.StartsWith("<!doctype html>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http", page, StringComparison.Ordinal);
    }
}
