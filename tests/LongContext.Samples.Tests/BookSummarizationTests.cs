using System.Text.Json;
using LongContext.TestSupport;
using static LongContext.Samples.Tests.ReadingSamplesTests;

namespace LongContext.Samples.Tests;

/// <summary>samples/BookSummarization as it is without arguments; a class of its own, so that its minutes pass beside others.</summary>
public sealed class BookSummarizationTests
{
    [Fact]
    [Trait("Category", "Slow")]
    public async Task BookSummarization_WithoutArguments_SummarisesWholeChapters()
    {
        SlowTests.SkipUnlessAllAsked();
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SampleProgram.Outcome run = await SampleProgram.RunAsync("BookSummarization", "--output", folder.Path);
        TestContext.Current.TestOutputHelper!.WriteLine(run.Output);
        Assert.True(run.ExitCode == 0, run.Error);
        foreach (JsonElement table in Tables(folder.Path))
        {
            double[] lead = Values(table, "lead: the chapter's first words"), cut = Values(table, "fine-tuned, chapter cut to 256 tokens"), whole = Values(table, "linear ×8 fine-tuned");
            Assert.All(whole, value => Assert.InRange(value, 0.7, 1));
            Assert.True(whole[3] > 1.5 * Math.Max(lead[3], cut[3]), $"{lead[3]}, {cut[3]}, {whole[3]}");
        }
    }
}
