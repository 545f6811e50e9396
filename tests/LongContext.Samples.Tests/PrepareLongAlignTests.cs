using System.Text.Json;
using LongContext.Data;
using LongContext.Data.Caching;
using LongContext.Packing;
using LongContext.TestSupport;

namespace LongContext.Samples.Tests;

/// <summary>samples/PrepareLongAlign, started as a user starts it.</summary>
public sealed class PrepareLongAlignTests
{
    private const string Sample = "PrepareLongAlign";
    private static readonly string s_model = Path.Combine(TestPaths.RepositoryRoot ?? "", "samples", "QuickStart", "BaseModel");

    [Fact]
    public async Task Run_WithoutArguments_LosesNothingButDuplicatesAndBadRecords()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SampleProgram.Outcome run = await SampleProgram.RunAsync(Sample, "--output", folder.Path);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.All(new[] { "Answer tokens", "Near-duplicates", "Bad records passed", "Fill", "not valid JSON" }, part => Assert.Contains(part, run.Output, StringComparison.Ordinal));
        using JsonDocument report = SampleProgram.ReadReport(folder.Path);
        JsonElement root = report.RootElement;
        long Number(string name) => root.GetProperty(name).GetInt64();

        // 400 conversations; every 20th stands there twice, every 25th that is long enough almost so, and every 100th has a broken line behind it.
        string[] lines = await File.ReadAllLinesAsync(folder["longalign-1.jsonl"], TestContext.Current.CancellationToken);
        Assert.Equal((20L, 4L, 0L), (Number("exactDuplicates"), Number("badRecords"), Number("notEncoded")));
        Assert.InRange(Number("nearDuplicates"), 4, 16);
        Assert.Equal(lines.Length, Number("records") + Number("badRecords"));
        JsonElement dataset = root.GetProperty("dataset");
        Assert.Equal(400, dataset.GetProperty("sequences").GetInt64());
        Assert.Equal(400, Number("records") - Number("exactDuplicates") - Number("nearDuplicates"));

        // Each conversation has the same say: the packs' normalizers add up to their number.
        Assert.Equal(400 - Number("skipped"), root.GetProperty("conversationsInPacks").GetDouble(), 6);
        Assert.InRange(Number("skipped"), 1, 60);
        Assert.InRange(root.GetProperty("fillRate").GetDouble(), 0.95, 1);
        Assert.Contains("<svg", await File.ReadAllTextAsync(folder["report.html"], TestContext.Current.CancellationToken), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(Number("exactDuplicates") + Number("nearDuplicates"), File.ReadLines(folder["duplicates.jsonl"]).Count());

        // Run again, it takes the tokens that are there, and packs the same.
        SampleProgram.Outcome again = await SampleProgram.RunAsync(Sample, "--output", folder.Path);
        Assert.True(again.ExitCode == 0, again.Error);
        using JsonDocument second = SampleProgram.ReadReport(folder.Path);
        Assert.True(second.RootElement.GetProperty("tokensWereThere").GetBoolean());
        Assert.False(root.GetProperty("tokensWereThere").GetBoolean());
        Assert.Equal(dataset.GetRawText(), second.RootElement.GetProperty("dataset").GetRawText());
        Assert.Equal(Number("packs"), second.RootElement.GetProperty("packs").GetInt64());

        // Other conversations left out are other tokens: none of those that are there is taken.
        SampleProgram.Outcome exact = await SampleProgram.RunAsync(Sample, "--output", folder.Path, "--similarity", "1");
        Assert.True(exact.ExitCode == 0, exact.Error);
        using JsonDocument third = SampleProgram.ReadReport(folder.Path);
        Assert.False(third.RootElement.GetProperty("tokensWereThere").GetBoolean());
        Assert.Equal(Number("records") - Number("exactDuplicates"), third.RootElement.GetProperty("dataset").GetProperty("sequences").GetInt64());
    }

    [Fact]
    public async Task Run_OwnData_LeavesTokensThatATrainingRunReads()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        await File.WriteAllTextAsync(folder["a.jsonl"], """
            {"messages": [{"role": "user", "content": "a question of it"}, {"role": "assistant", "content": "one answer"}], "length": 4}
            {"conversations": [{"from": "human", "value": "another one"}, {"from": "gpt", "value": "the second"}, {"from": "human", "value": "and more"}, {"from": "gpt", "value": "the third"}]}
            {"messages": [{"role": "user", "content": "a question of it"}, {"role": "assistant", "content": "one answer"}], "length": 4}
            """, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder["b.csv"], "instruction,input,output\nsay it,,said it now\n", TestContext.Current.CancellationToken);
        SampleProgram.Outcome run = await SampleProgram.RunAsync(
            Sample, "--data", folder["*.jsonl"], folder["b.csv"], "--model", s_model, "--format", "records", "--context", "64", "--similarity", "1", "--output", folder["out"]);
        Assert.True(run.ExitCode == 0, run.Error);
        using JsonDocument report = SampleProgram.ReadReport(folder["out"]);
        Assert.Equal((4L, 1L, 3L), (report.RootElement.GetProperty("records").GetInt64(), report.RootElement.GetProperty("exactDuplicates").GetInt64(), report.RootElement.GetProperty("dataset").GetProperty("sequences").GetInt64()));

        // What lies there is what the library's cache reads, masks included: two answers of the second conversation, one of the others.
        using JsonDocument manifest = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(report.RootElement.GetProperty("tokens").GetString()!, "cache.json"), TestContext.Current.CancellationToken));
        JsonElement key = manifest.RootElement.GetProperty("key");
        using TokenCache cache = TokenCache.Open(folder["out/tokens"], new TokenCacheKey
        {
            Files = DataFileIdentity.OfAll([folder["a.jsonl"], folder["b.csv"]]),
            Tokenizer = key.GetProperty("tokenizer").GetString()!,
            Settings = key.GetProperty("settings").EnumerateObject().ToDictionary(setting => setting.Name, setting => setting.Value.GetString()!),
        });
        Assert.Equal([1, 2, 1], cache.Select(sequence => Runs(sequence.LossMask.ToArray())));
        var packer = new StreamingPacker(cache.AsSource(seed: null), new StreamingPackerOptions { ContextLength = 64, LossWeighting = LossWeighting.PerSequence });
        PackedBatch pack = packer.Next(TestContext.Current.CancellationToken)!;
        Assert.Equal((3, 3.0), (pack.DocumentCount, pack.LossNormalizer));
        Assert.Equal(3, pack.LossWeights.ToArray().Sum(), 5);
    }

    [Fact]
    public async Task Run_ConversationsOutOfOrder_AreBadOrMended()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        await File.WriteAllTextAsync(folder["a.jsonl"], """
            {"conversations": [{"from": "gpt", "value": "welcome to it"}, {"from": "human", "value": "a question of it"}, {"from": "gpt", "value": "one answer"}]}
            {"conversations": [{"from": "human", "value": "another one"}, {"from": "gpt", "value": "the second"}]}
            """, TestContext.Current.CancellationToken);
        string[] arguments = ["--data", folder["a.jsonl"], "--model", s_model, "--format", "records", "--context", "64", "--output", folder["out"]];
        Assert.Equal((1, 1), await CountsAsync(arguments));
        Assert.Equal((2, 0), await CountsAsync([.. arguments, "--mend"]));

        async Task<(long Sequences, long BadRecords)> CountsAsync(string[] given)
        {
            SampleProgram.Outcome run = await SampleProgram.RunAsync(Sample, given);
            Assert.True(run.ExitCode == 0, run.Error);
            using JsonDocument report = SampleProgram.ReadReport(folder["out"]);
            return (report.RootElement.GetProperty("dataset").GetProperty("sequences").GetInt64(), report.RootElement.GetProperty("badRecords").GetInt64());
        }
    }

    [Fact]
    public async Task Run_UnusableArguments_EndsWithOneLineThatSaysWhy()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        await File.WriteAllTextAsync(folder["bad.jsonl"], "{\"text\": 7}\n", TestContext.Current.CancellationToken);
        await AssertError("go together", "--model", s_model);
        await AssertError("go together", "--data", folder["bad.jsonl"]);
        foreach (string similarity in (string[])["0", "1.5", "NaN"])
            await AssertError($"--similarity is {similarity}, expected more than 0", "--similarity", similarity);
        await AssertError("line 1: no ready map fits", "--strict", "--model", s_model, "--data", folder["bad.jsonl"], "--format", "records");
        await AssertError("There is no conversation to learn from", "--model", s_model, "--data", folder["bad.jsonl"], "--format", "records");
        await AssertError(folder["nothing*.jsonl"], "--model", s_model, "--data", folder["nothing*.jsonl"], "--format", "records");

        async Task AssertError(string expected, params string[] arguments)
        {
            SampleProgram.Outcome run = await SampleProgram.RunAsync(Sample, [.. arguments, "--output", folder["out"]]);
            run.AssertRefusal(expected);
            Assert.False(Directory.Exists(folder["out"]));
        }
    }

    private static int Runs(bool[] mask) => mask.Where((counts, i) => counts && (i == 0 || !mask[i - 1])).Count();
}
