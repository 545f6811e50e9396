using LongContext.TestSupport;

namespace LongContext.Data.Caching;

/// <summary>Caches and what ends processes, or starts two of them.</summary>
public sealed class TokenCacheProcessTests(ITestOutputHelper output)
{
    private const int Count = 4_000;

    [Fact]
    public async Task OpenOrBuild_KilledAtAnyMoment_LeavesNothingThatIsTakenForWhole() => await KillAsync(kills: 5, seed: 1);

    [Fact]
    [Trait("Category", "Slow")]
    public async Task OpenOrBuild_KilledFortyTimes_LeavesNothingThatIsTakenForWhole()
    {
        SlowTests.SkipUnlessAsked();
        await KillAsync(kills: 40, seed: 2);
    }

    [Fact]
    public async Task OpenOrBuild_TwoProcessesAtOnce_OneBuildsAndTheOtherTakesIt()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CacheProcess first = new(folder.Path, Count, pause: 20);
        first.Await("writing");
        using CacheProcess second = new(folder.Path, Count, pause: 20);
        second.Await("waiting");
        (string[] firstSaid, int firstCode) = first.End();
        (string[] secondSaid, int secondCode) = second.End();
        Assert.Equal((0, 0), (firstCode, secondCode));
        int sequences = CacheData.Expected(Count).Count;
        Assert.Equal($"built {sequences}", firstSaid[^1]);
        Assert.Equal([$"found {sequences}"], secondSaid);
        using TokenCache cache = await CacheData.BuildAsync(folder.Path, Count);
        Assert.False(cache.Report.WasBuilt);
        CacheData.AssertSame(CacheData.Expected(Count), cache);
    }

    [Fact]
    public void OpenOrBuild_BuilderIsKilledWhileAnotherWaits_TheOtherBuilds()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CacheProcess first = new(folder.Path, Count, pause: 200);
        first.Await("writing");
        using CacheProcess second = new(folder.Path, Count);
        second.Await("waiting");
        first.Kill();
        (string[] said, int code) = second.End();
        Assert.Equal(0, code);
        Assert.Equal($"built {CacheData.Expected(Count).Count}", said[^1]);
        Assert.Empty(Directory.GetDirectories(folder.Path, ".building-*"));
    }

    [Fact]
    public void RemoveLeftovers_AnotherProcessBuilds_LeavesItAlone()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using (CacheProcess killed = new(folder.Path, Count + 1, pause: 200))
        {
            killed.Await("writing");
            killed.Kill();
        }

        using CacheProcess living = new(folder.Path, Count, pause: 150);
        living.Await("writing");
        Assert.Equal(2, Directory.GetDirectories(folder.Path, ".building-*").Length);
        Assert.Equal(1, TokenCache.RemoveLeftovers(folder.Path));
        Assert.Equal(0, TokenCache.RemoveLeftovers(folder.Path));
        (string[] said, int code) = living.End();
        Assert.Equal((0, $"built {CacheData.Expected(Count).Count}"), (code, said[^1]));
    }

    [Theory]
    [InlineData(16)] // no file is whole
    [InlineData(24)] // some are
    public void OpenOrBuild_FilesCannotGrow_SaysSoAndLeavesNothing(int blocks)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "limits of a shell's processes");
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        // Files end at so many blocks of 512 bytes: what a full disk is to a process. Without the signal, writing fails.
        using CacheProcess process = new(folder.Path, Count, shell: $"trap '' XFSZ; ulimit -f {blocks}");
        (string[] said, int code) = process.End();
        Assert.Equal(3, code);
        Assert.StartsWith("refused: ", said[^1], StringComparison.Ordinal);
        string only = Assert.Single(Directory.GetFileSystemEntries(folder.Path));
        Assert.Equal((".lock", 0L), (Path.GetExtension(only), new FileInfo(only).Length));
    }

    private async Task KillAsync(int kills, int seed)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder(), whole = TestPaths.NewTemporaryFolder();
        using (CacheProcess unbroken = new(whole.Path, Count)) Assert.Equal(0, unbroken.End().ExitCode);
        Dictionary<string, string> expected = CacheData.Contents(whole[CacheData.Key(Count).Name]);
        Random random = new(seed);
        int halfDone = 0, done = 0;
        for (int life = 0; life < kills; life++)
        {
            using CacheProcess process = new(folder.Path, Count, pause: 2 * (life % 2)); // every other one is soon done, so that some are killed as they rename
            process.Await("started");
            if (life % 3 != 2) process.Await("writing");
            Thread.Sleep(random.Next(life % 4 == 0 ? 300 : 60));
            process.Kill();
            halfDone += Directory.GetDirectories(folder.Path, ".building-*").Length > 0 ? 1 : 0;

            // There is nothing, or all of it.
            string path = folder[CacheData.Key(Count).Name];
            if (!Directory.Exists(path)) continue;
            done++;
            using (TokenCache cache = TokenCache.Open(folder.Path, CacheData.Key(Count), new TokenCacheOptions { VerifyTokens = true })) CacheData.AssertSame(CacheData.Expected(Count), cache);
            Assert.Equal(expected, CacheData.Contents(path));
            Directory.Delete(path, recursive: true);
        }

        using (TokenCache cache = await CacheData.BuildAsync(folder.Path, Count, new TokenCacheOptions { Degree = 3, ShardBytes = 20_000 })) CacheData.AssertSame(CacheData.Expected(Count), cache);
        Assert.Equal(expected, CacheData.Contents(folder[CacheData.Key(Count).Name]));
        Assert.Empty(Directory.GetDirectories(folder.Path, ".building-*"));
        output.WriteLine($"{kills} kills, {halfDone} of them left a cache half built, {done} came when it was whole");
        Assert.True(halfDone >= kills / 4, $"only {halfDone} of {kills} kills hit the building of a cache");
    }
}
