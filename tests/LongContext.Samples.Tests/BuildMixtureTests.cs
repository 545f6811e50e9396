using System.Text.Json;
using LongContext.TestSupport;

namespace LongContext.Samples.Tests;

/// <summary>samples/BuildMixture, started as a user starts it.</summary>
public sealed class BuildMixtureTests
{
    [Fact]
    public async Task Run_WithoutArguments_BuildsBothMixturesByTheirShares()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SampleProgram.Outcome run = await SampleProgram.RunAsync("BuildMixture", "--output", folder.Path);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.All(new[] { "continued pre-training", "few-shot tuning", "DenoisingTexts", "PromptCollections", "read to its end" }, expected => Assert.Contains(expected, run.Output, StringComparison.Ordinal));
        using JsonDocument report = SampleProgram.ReadReport(folder.Path);
        Assert.Equal(2, report.RootElement.GetArrayLength());
        foreach (JsonElement mixture in report.RootElement.EnumerateArray())
        {
            long tokens = mixture.GetProperty("tokens").GetInt64();
            Assert.InRange(mixture.GetProperty("fillRate").GetDouble(), 0.95, 1);
            foreach (JsonElement share in mixture.GetProperty("shares").EnumerateArray())
            {
                // Less than one sequence of 1,024 tokens from what was asked.
                Assert.InRange(share.GetProperty("tokens").GetInt64() - (share.GetProperty("share").GetDouble() * tokens), -1024, 1024);
            }
        }

        // Web pages are mostly short: those under 64 tokens are left out of the first mixture, and counted.
        JsonElement web = report.RootElement[0].GetProperty("shares").EnumerateArray().Single(share => share.GetProperty("name").GetString() == "WebAndCode");
        Assert.InRange(web.GetProperty("tooShort").GetInt64(), 1, 100);

        // The tokens lie there for a training run, as many as were given.
        foreach (JsonElement mixture in report.RootElement.EnumerateArray())
        {
            using JsonDocument cache = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(mixture.GetProperty("folder").GetString()!, "cache.json"), TestContext.Current.CancellationToken));
            Assert.Equal(mixture.GetProperty("shares").EnumerateArray().Sum(share => share.GetProperty("tokens").GetInt64()), cache.RootElement.GetProperty("shards").EnumerateArray().Sum(shard => shard.GetProperty("tokens").GetInt64()));
        }

        // The same again: the tokens are found, and the report is the same, byte for byte.
        string first = await File.ReadAllTextAsync(folder["report.json"], TestContext.Current.CancellationToken);
        string[] caches = [.. Directory.GetDirectories(folder["tokens"]).Order()];
        run = await SampleProgram.RunAsync("BuildMixture", "--output", folder.Path);
        Assert.DoesNotContain("were there already", run.Output, StringComparison.Ordinal);
        Assert.Equal(first, await File.ReadAllTextAsync(folder["report.json"], TestContext.Current.CancellationToken));
        Assert.Equal(2, caches.Length);
        Assert.Equal(caches, Directory.GetDirectories(folder["tokens"]).Order());

        // Another amount is another cache; without its report the shares of what is there are not known.
        run = await SampleProgram.RunAsync("BuildMixture", "--tokens", "5000", "--output", folder.Path);
        using JsonDocument few = SampleProgram.ReadReport(folder.Path);
        Assert.All(few.RootElement.EnumerateArray(), mixture => Assert.InRange(mixture.GetProperty("tokens").GetInt64(), 5000, 5000 + 1023));
        File.Delete(folder["report.json"]);
        run = await SampleProgram.RunAsync("BuildMixture", "--output", folder.Path);
        Assert.Contains("were there already; the report with their shares is not", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_MissingShares_NamesThemAll()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string model = Path.Combine(TestPaths.RepositoryRoot!, "samples", "QuickStart", "BaseModel");
        await File.WriteAllTextAsync(folder["a.jsonl"], "{\"text\": \"able acid acre\"}\n", TestContext.Current.CancellationToken);
        SampleProgram.Outcome run = await SampleProgram.RunAsync("BuildMixture", "--model", model, "--books", folder["none-*.jsonl"], "--web", folder["a.jsonl"], "--output", folder["out"]);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("Error: ", run.Error, StringComparison.Ordinal);
        Assert.All(new[] { "Books", "none-*.jsonl", "Papers", "Denoising" }, expected => Assert.Contains(expected, run.Error, StringComparison.Ordinal));
        Assert.DoesNotContain("WebAndCode", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["out"]));

        run = await SampleProgram.RunAsync("BuildMixture", "--books", folder["a.jsonl"], "--output", folder["out"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("go together", run.Error, StringComparison.Ordinal);
        run = await SampleProgram.RunAsync("BuildMixture", "--model", model, "--books", folder["a.jsonl"], "--output", folder["out"]);
        Assert.Contains("Only shares that both mixtures have", run.Error, StringComparison.Ordinal);
        run = await SampleProgram.RunAsync("BuildMixture", "--tokens", "-4", "--output", folder["out"]);
        run.AssertRefusal("--tokens is -4, expected at least 1");
    }

    [Fact]
    public async Task Run_BadLines_StopItOrAreCounted()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string model = Path.Combine(TestPaths.RepositoryRoot!, "samples", "QuickStart", "BaseModel");
        string line = JsonSerializer.Serialize(new { text = string.Join(' ', Enumerable.Repeat("able acid acre", 30)) });
        await File.WriteAllLinesAsync(folder["a.jsonl"], [line, line, "{", line], TestContext.Current.CancellationToken);
        string[] arguments =
        [
            "--model", model, "--books", folder["a.jsonl"], "--papers", folder["a.jsonl"], "--web", folder["a.jsonl"], "--denoising", folder["a.jsonl"],
            "--context", "128", "--minimum", "8", "--output", folder["out"],
        ];
        (await SampleProgram.RunAsync("BuildMixture", arguments)).AssertRefusal("a.jsonl, line 3: ");
        SampleProgram.Outcome run = await SampleProgram.RunAsync("BuildMixture", [.. arguments, "--skip-bad-lines"]);
        Assert.True(run.ExitCode == 0, run.Error);
        using JsonDocument report = SampleProgram.ReadReport(folder["out"]);
        Assert.Equal(1, report.RootElement[0].GetProperty("shares").EnumerateArray().Max(share => share.GetProperty("badLines").GetInt64()));
    }
}
