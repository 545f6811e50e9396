using System.Text.Json;
using LongContext.TestSupport;
using static LongContext.Samples.Tests.ReadingSamplesTests;

namespace LongContext.Samples.Tests;

/// <summary>samples/MultiDocumentQA as it is without arguments; a class of its own, so that its minutes pass beside others.</summary>
public sealed class MultiDocumentQATests
{
    [Fact]
    [Trait("Category", "Slow")]
    public async Task MultiDocumentQA_WithoutArguments_FindsTheDocumentAtEveryPlace()
    {
        SlowTests.SkipUnlessAllAsked();
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SampleProgram.Outcome run = await SampleProgram.RunAsync("MultiDocumentQA", "--output", folder.Path);
        TestContext.Current.TestOutputHelper!.WriteLine(run.Output);
        Assert.True(run.ExitCode == 0, run.Error);
        JsonElement[] tables = Tables(folder.Path);
        foreach (string documents in new[] { "20", "30", "50", "100" })
        {
            double[] stretched = Values(tables[1], documents), tuned = Values(tables[2], documents);
            Assert.InRange(stretched[5], 0, 0.1);
            Assert.All(tuned.Take(5), value => Assert.InRange(value, 0.7, 1));
            Assert.InRange(tuned[5], documents == "100" ? 0.8 : 0.9, 1);
            Assert.InRange(tuned[6], 0, 0.05);
        }

        Assert.InRange(Values(tables[0], "100")[5], 0, 0.1); // far beyond the old window
    }
}
